import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, it } from '@jest/globals';

import { deadLinksIn } from '../../docs/.vitepress/dead-links.js';

/** A built site of these files. */
function builtSite(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-site-'));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

const others = {
  'docs/rotation.html': '<h2 id="lost-key">Lost key</h2><a href="../index.html">Home</a>',
  'docs/api/index.html': '<h1 id="größe">Größe</h1>',
  'assets/style.css': '',
};

it.each([
  ['a page', './docs/rotation.html'],
  ['a page, from the root of the site', '/base/docs/rotation.html'],
  ['an anchor of a page', './docs/rotation.html#lost-key'],
  ['an anchor of the same page', '#here'],
  ['an anchor that is encoded', './docs/api/#gr%C3%B6%C3%9Fe'],
  ['a folder with an index', './docs/api/'],
  ['the root of the site', '/base/'],
  ['a file that is no page', '/base/assets/style.css'],
  ['another site', 'https://www.rfc-editor.org/rfc/rfc7517'],
  ['no page at all', 'mailto:security@example.com'],
])('a link to %s is alive', (_, link) => {
  const folder = builtSite({ ...others, 'index.html': `<h2 id="here">Here</h2><a href="${link}">x</a>` });
  expect(deadLinksIn(folder, '/base/')).toEqual([]);
});

it.each([
  ['a page that is not there', './docs/rotations.html'],
  ['an anchor that is not there', './docs/rotation.html#stolen-key'],
  ['an anchor that the same page does not have', '#there'],
  ['a folder without an index', './docs/'],
  ['a file that is not there', './assets/logo.svg'],
  ['a place outside of the site', '/docs/rotation.html'],
])('a link to %s is dead', (_, link) => {
  const folder = builtSite({ ...others, 'index.html': `<h2 id="here">Here</h2><a href="${link}">x</a>` });
  expect(deadLinksIn(folder, '/base/')).toEqual([`index.html: ${link}`]);
});

it('a picture that is not there is dead too', () => {
  expect(deadLinksIn(builtSite({ 'docs/a.html': '<img src="a.png">' }), '/')).toEqual(['docs/a.html: a.png']);
});
