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

it('what is too long for a name is not compared, however near it is', () => {
  const name = 'y'.repeat(128);
  expect(nearestTo(`${name.slice(1)}x`, [name], 3)).toBe(name);
  const longer = 'y'.repeat(20_000);
  expect(nearestTo(`${longer.slice(1)}x`, [longer], 3)).toBeUndefined();
});
