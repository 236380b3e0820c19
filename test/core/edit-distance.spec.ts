import { expect, it } from '@jest/globals';

import { nearestTo } from '../../lib/core/edit-distance.js';

it.each([
  ['OIDC_PREVIOUS_KEY', 'OIDC_PREVIOUS_KEYS'],
  ['OIDC_PREVOIUS_KEYS', 'OIDC_PREVIOUS_KEYS'],
  ['OIDC_PREVIOUS_KEYZ', 'OIDC_PREVIOUS_KEYS'],
  ['OIDC_NEXT_KEYSS', 'OIDC_NEXT_KEYS'],
  ['OIDC_ISSUER', undefined],
])('%s is nearest to %s', (written, meant) => {
  expect(nearestTo(written, ['OIDC_NEXT_KEYS', 'OIDC_PREVIOUS_KEYS'], 2)).toBe(meant);
});

it('the nearest of several is taken, and none that is too far', () => {
  expect(nearestTo('abcd', ['abxx', 'abcx'], 2)).toBe('abcx');
  expect(nearestTo('abcd', ['xxxx'], 3)).toBeUndefined();
});

it('names of any length and number are compared within the time of a turn', () => {
  const names = Array.from({ length: 2000 }, (_, index) => `${index}`.padStart(43, 'k'));
  const start = performance.now();
  nearestTo('x'.repeat(43), names, 3);
  nearestTo('x'.repeat(20_000), [...names, 'y'.repeat(20_000)], 3);
  expect(performance.now() - start).toBeLessThan(300);
});
