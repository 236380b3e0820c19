import { describe, expect, it } from '@jest/globals';

import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { thumbprintOf } from '../../support/loaded.js';
import { recordedSets, verifiesTokens } from '../../support/recordings.js';

const name = 'OIDC_PREVIOUS_KEYS';

function load(value: string) {
  const skipped: string[] = [];
  const materials = loadKeyMaterial({
    name,
    value,
    role: 'verifies',
    onSkipped: (message) => skipped.push(message),
  });
  return { keys: materials.map((material) => new VerificationKey(material)), skipped };
}

if (recordedSets.length > 0) {
  const usable = recordedSets.filter(({ keys }) => keys.some(verifiesTokens));

  describe('sets that issuers of others publish, pasted into the previous keys', () => {
    it('are many, and some hold more than keys for signatures', () => {
      expect(usable.length).toBeGreaterThan(40);
      expect(usable.filter(({ keys }) => !keys.every(verifiesTokens)).length).toBeGreaterThan(2);
    });

    it.each(usable)('$file', ({ body, keys: jwks }) => {
      const { keys, skipped } = load(body);
      expect(keys.length).toBe(jwks.filter(verifiesTokens).length);
      expect(keys.length).toBeGreaterThan(0);
      expect(skipped.length).toBe(jwks.length - keys.length);
      // The kid is the issuer's own, where it has one.
      const kids = jwks
        .filter(verifiesTokens)
        .map(({ kid }, index) => kid ?? thumbprintOf(keys[index]!.publicKey));
      expect(keys.map(({ kid }) => kid)).toEqual(kids);
    });

    it.each(recordedSets.filter((set) => !usable.includes(set)))(
      '$file has none, and is refused',
      ({ body }) => {
        expect(errorOf(() => load(body)).code).toMatch(/^OIDC_KEY_(MISSING|UNSUPPORTED)$/);
      },
    );
  });
} else {
  it.skip('sets that issuers of others publish (skipped: the recordings are not beside the repository)', () =>
    undefined);
}
