import { describe, expect, it } from '@jest/globals';

import { algorithmNamed, algorithms } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { defaultAlgorithmAmong, noneToSign } from '../../../lib/core/ring/default-algorithm.js';

const cases: [SigningAlgorithm[], SigningAlgorithm | undefined, SigningAlgorithm | undefined][] = [
  [['RS256'], undefined, 'RS256'],
  [['ES256', 'RS256', 'PS256'], undefined, 'RS256'],
  [['ES256'], undefined, 'ES256'],
  [['EdDSA'], undefined, 'EdDSA'],
  [['ES256', 'EdDSA'], undefined, undefined],
  [['RS384', 'RS512'], undefined, undefined],
  [['ES256', 'RS256'], 'ES256', 'ES256'],
  [['ES256', 'EdDSA'], 'Ed25519', 'EdDSA'],
  [['EdDSA'], 'EdDSA', 'EdDSA'],
  // What was chosen and is not there is not replaced.
  [['RS256'], 'ES256', undefined],
  [['ES256'], 'RS256', undefined],
  [[], undefined, undefined],
  [[], 'RS256', undefined],
];

describe('the algorithm that signs where none is asked for', () => {
  it.each(cases)('among %j with the option %p is %p', (names, chosen, expected) => {
    const among = names.map((name) => algorithmNamed(name)!);
    expect(defaultAlgorithmAmong(among, chosen)).toBe(expected && algorithmNamed(expected));
  });

  it('is any that is the only one', () => {
    for (const each of algorithms) expect(defaultAlgorithmAmong([each], undefined)).toBe(each);
  });
});

it.each([
  [undefined, /^OIDC_PRIVATE_KEY has no current key that signs by default.*option "algorithm"/],
  ['ES256', /^OIDC_PRIVATE_KEY has no current key for ES256/],
] as const)('the error says what is missing, and what to do: %p', (alg, message) => {
  expect(noneToSign('OIDC_PRIVATE_KEY', alg)).toMatchObject({
    code: 'OIDC_KEY_NONE_TO_SIGN',
    message: expect.stringMatching(message),
  });
});
