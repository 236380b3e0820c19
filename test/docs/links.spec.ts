import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { pages } from '../support/pages.js';
import { root } from '../support/processes.js';

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
