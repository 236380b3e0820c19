import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitepress';
import type { DefaultTheme } from 'vitepress';

import { deadLinksIn } from './dead-links.js';
import { pageGroups } from './pages.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';

const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const { name, description } = JSON.parse(textOf('package.json')) as { name: string; description: string };
const apiSidebar = JSON.parse(textOf('docs/api/typedoc-sidebar.json')) as DefaultTheme.SidebarItem[];

const files = pageGroups.flatMap((group) => group.files);

/** A README is the index of its folder. */
const pageOf = (file: string) => file.replace(/(^|\/)README\.md$/, '$1index.md');
const linkTo = (file: string) => `/${pageOf(file).replace(/(^|\/)index\.md$|\.md$/, '$1')}`;

function titleOf(file: string): string {
  const [, title] = /^# (.+)$/m.exec(textOf(file)) ?? [];
  if (title === undefined) throw new Error(`${file} has no first heading to be called by`);
  return title.replaceAll('`', '');
}

/** VitePress takes every Markdown file below `srcDir` for a page. */
const foldersWithoutPages = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !files.some((file) => file.startsWith(`${entry.name}/`)))
  .map((entry) => `${entry.name}/**`);

// These two are sent to the browser, each alone.

/** `OIDC_JWKS_MAX_AGE` is one word, and is found by `max_age` too. */
function tokenize(text: string): string[] {
  return text.split(/[^\p{L}\p{N}_]+/u).flatMap((word) => {
    const parts = word.split('_');
    return parts.slice(0, Math.max(1, parts.length - 1)).map((_, start) => parts.slice(start).join('_'));
  });
}

/** The guide comes before the reference. */
function boostDocument(address: string): number {
  return address.includes('/docs/api/') ? 0.3 : 1;
}

export default defineConfig({
  srcDir: '..',
  base,
  title: name,
  description,
  lang: 'en',
  // Browsers ask for one otherwise.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcExclude: foldersWithoutPages,
  rewrites: Object.fromEntries(files.map((file) => [file, pageOf(file)])),
  markdown: {
    // The default themes fall short of the contrast that WCAG asks for.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
    config: (markdown) => {
      markdown.core.ruler.push('readme-is-index', ({ tokens }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet('href');
          if (href !== null)
            token.attrSet('href', href.replace(/^((?:[^:#?]*\/)?)README\.md(?=#|$)/, '$1index.md'));
        }
      });
    },
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/', activeMatch: '^/(?!docs/api/)' },
      { text: 'API', link: '/docs/api/', activeMatch: '^/docs/api/' },
    ],
    sidebar: {
      '/docs/api/': apiSidebar.map((entry) => ({ ...entry, collapsed: false })),
      '/': pageGroups.map((group) => ({
        text: group.title,
        items: group.files.map((file) => ({ text: titleOf(file), link: linkTo(file) })),
      })),
    },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: { miniSearch: { options: { tokenize }, searchOptions: { boostDocument } } },
    },
  },
  buildEnd: ({ outDir }) => {
    const dead = deadLinksIn(outDir, base);
    if (dead.length > 0) throw new Error(`Dead links:\n${dead.join('\n')}`);
  },
});
