import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { root } from '../support/processes.js';

/** The attacks that the library and the sample have to survive, by their numbers. */
const attacks = Array.from({ length: 49 }, (_, index) => index + 1);

const folder = join(root, 'test');
const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('every-attack.spec.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'));

/** A title, whether it stands in the call of a test or in a table of them: 'attack 9: …' or 'attack 9 and 10: …'. */
const titlesIn = (text: string) =>
  [...text.matchAll(/['"`]attack ([\d and]+): /g)].map(([, numbers]) => numbers!);
const tested = new Set(code.flatMap(titlesIn).flatMap((numbers) => numbers.split(' and ').map(Number)));

describe('the attacks', () => {
  it.each(attacks)('attack %i has a test', (attack) => {
    expect(tested).toContain(attack);
  });

  it('that have a test are all known by their number', () => {
    expect([...tested].filter((attack) => !attacks.includes(attack))).toEqual([]);
    expect(code.join('\n').match(/\battacks \d/g)).toBeNull();
  });

  it('have no test that is left out', () => {
    const leftOut = /\b(?:it|test|describe)\.(?:skip|todo|only|failing)\b|\bx(?:it|describe)\(/;
    expect(code.filter((text) => titlesIn(text).length > 0 && leftOut.test(text))).toEqual([]);
  });
});
