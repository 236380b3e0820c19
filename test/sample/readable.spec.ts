import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root } from '../support/processes.js';

const sample = join(root, 'sample-app');
const readme = readFileSync(join(sample, 'README.md'), 'utf8');

const sources = readdirSync(sample, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(?:ts|js)$/.test(file) && !/^dist\b|\/dist\/|^minimal\//.test(file))
  .toSorted();

describe('the sample', () => {
  it('says in the first line of each file why it is there', () => {
    expect(sources.length).toBeGreaterThan(50);
    for (const file of sources) {
      const [first] = readFileSync(join(sample, file), 'utf8').split('\n');
      expect(`${file}: ${first}`).toMatch(/: (?:\/\/|\/\*\*) \S/);
    }
  });

  it('has every folder of its server in the map of its README, with its files kept, replaced or left out', () => {
    const folders = readdirSync(join(sample, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const rows = [...readme.matchAll(/^\| `src\/([a-z]+)` +\|.*\| (keep|replace|leave out)\b/gm)].map(
      ([, folder]) => folder!,
    );
    expect(rows.toSorted()).toEqual(folders.toSorted());
  });

  it('names no file in its README that is not there', () => {
    const named = [...readme.matchAll(/`(src\/[a-z/-]+(?:\.[a-z-]+)*\.ts)`/g)].map(([, file]) => file!);
    expect(named.length).toBeGreaterThan(5);
    for (const file of named) expect(sources).toContain(file);
  });
});
