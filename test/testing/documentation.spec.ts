import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { pageAt } from '../support/pages.js';
import { root } from '../support/processes.js';

it('docs/testing.md has every code of a broken rotation, and no other', () => {
  const source = readFileSync(join(root, 'lib/testing/rotation/broken-rotation-error.ts'), 'utf8');
  const declared = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code!);
  const listed = [...pageAt('docs/testing.md').text.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
  expect(declared.length).toBeGreaterThan(10);
  expect(listed.toSorted()).toEqual(declared.toSorted());
});
