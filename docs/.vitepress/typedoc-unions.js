import { MarkdownPageEvent } from 'typedoc-plugin-markdown';
import { Comment, Converter, LiteralType, ReflectionKind, UnionType } from 'typedoc';

/**
 * Shows what typedoc-plugin-markdown leaves out of a union: the comment on each of its literals, such as an error's
 * codes.
 *
 * @param {import('typedoc-plugin-markdown').MarkdownApplication} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const { type, comment } of project.getReflectionsByKind(ReflectionKind.TypeAlias)) {
      if (!(type instanceof UnionType) || !type.types.every((each) => each instanceof LiteralType)) continue;
      const lines = type.types.flatMap(({ value }, position) => {
        const summary = type.elementSummaries?.[position];
        return summary ? `- \`${value}\`: ${Comment.combineDisplayParts(summary)}` : [];
      });
      comment?.summary.push({ kind: 'text', text: `\n\n${lines.join('\n')}` });
    }
  });
  // A union in a union begins with an empty member.
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = page.contents?.replaceAll(/\| \n +\| /g, '| ');
  });
}
