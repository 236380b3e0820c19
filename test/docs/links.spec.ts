import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { pageGroups } from '../../docs/.vitepress/pages.js';
import { pages } from '../support/pages.js';
import { root } from '../support/processes.js';

const pagesOfDocs = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/'));

const documents = [
  'sample-app/README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...pages.map(({ path }) => path),
];

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8');

  it('links to nothing that is not there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([]);
  });

  it('names no source file that is not there', () => {
    const named = [...text.matchAll(/`((?:sample-app|test|lib|docs)\/[\w./-]+\.\w+)`/g)].map(
      ([, file]) => file!,
    );
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

it('docs/oauth2-server-4.md names many', () => {
  const text = readFileSync(join(root, 'docs/oauth2-server-4.md'), 'utf8');
  expect(new Set(text.match(/sample-app\/src\/[\w./-]+\.ts/g)).size).toBeGreaterThan(15);
});

describe('the documentation site', () => {
  const files = pageGroups.flatMap((group) => group.files);

  it('has every page of docs/ in its sidebar, once', () => {
    expect(files.filter((file) => file.startsWith('docs/')).toSorted()).toEqual(pagesOfDocs.toSorted());
    expect(new Set(files).size).toBe(files.length);
  });

  it.each(files)('has %s, which begins with its title', (file) => {
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/^# \S/);
  });

  it('has a reference of every entry point, under its name', () => {
    const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string;
      exports: Record<string, unknown>;
    };
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    for (const entry of entries) {
      const index = readFileSync(join(root, 'lib', entry, 'index.ts'), 'utf8');
      expect(index).toContain(`@module ${join(name, entry)}\n`);
    }
  });
});
