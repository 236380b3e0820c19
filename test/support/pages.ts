import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './processes.js';

interface Block {
  readonly language: string;
  readonly code: string;
}

/** A page of the documentation; the README is one. */
export interface Page {
  /** As the repository has it, such as `docs/keys.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, blocks: blocksIn(text) };
});

export function pageAt(path: string): Page {
  const page = pages.find((each) => each.path === path);
  if (!page) throw new Error(`there is no page ${path}`);
  return page;
}

/** The first cells of the rows of all tables of a page, without their marks. */
export function firstCellsOf({ text }: Page): string[] {
  return [...text.matchAll(/^\| (.+?) *\|/gm)].map(([, cell]) => cell!);
}

/** A block may be indented, as in a step of a list. */
function blocksIn(text: string): Block[] {
  return [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)].map(
    ([, indent = '', language = '', code = '']) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}
