import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root } from './support/processes.js';

const documents = [
  'README.md',
  'sample-app/README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
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

it('docs/jmondi-4.3.7.md names many', () => {
  const text = readFileSync(join(root, 'docs/jmondi-4.3.7.md'), 'utf8');
  expect(new Set(text.match(/sample-app\/src\/[\w./-]+\.ts/g)).size).toBeGreaterThan(15);
});
