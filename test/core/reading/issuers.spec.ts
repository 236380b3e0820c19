import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { thumbprintOf } from '../../support/loaded.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { root } from '../../support/processes.js';

interface Jwk {
  readonly kty: string;
  readonly crv?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly kid?: string;
}

/** What an issuer made by others answered to a relying party. */
interface Recording {
  readonly jwks?: { readonly status: number; readonly body: unknown };
}

const folder = resolve(root, '../shared/issuers');
const name = 'OIDC_PREVIOUS_KEYS';

/** The algorithm that a key without `alg` would be used with. */
const usual: Readonly<Record<string, string>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

function isOfUse({ kty, crv, use = 'sig', alg = usual[crv ?? kty] }: Jwk): boolean {
  return use === 'sig' && algorithmNamed(alg) !== undefined;
}

function bodyOf(file: string): string | undefined {
  const { jwks } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording;
  if (jwks?.status !== 200) return undefined;
  return typeof jwks.body === 'string' ? jwks.body : JSON.stringify(jwks.body);
}

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

if (existsSync(folder)) {
  const sets = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const body = bodyOf(file);
      return body === undefined ? [] : [{ file, body, jwks: (JSON.parse(body) as { keys: Jwk[] }).keys }];
    });
  const usable = sets.filter(({ jwks }) => jwks.some(isOfUse));

  describe('sets that issuers of others publish, pasted into the previous keys', () => {
    it('are many, and some hold more than keys for signatures', () => {
      expect(usable.length).toBeGreaterThan(40);
      expect(usable.filter(({ jwks }) => !jwks.every(isOfUse)).length).toBeGreaterThan(2);
    });

    it.each(usable)('$file', ({ body, jwks }) => {
      const { keys, skipped } = load(body);
      expect(keys.length).toBe(jwks.filter(isOfUse).length);
      expect(keys.length).toBeGreaterThan(0);
      expect(skipped.length).toBe(jwks.length - keys.length);
      // The kid is the issuer's own, where it has one.
      const kids = jwks.filter(isOfUse).map(({ kid }, index) => kid ?? thumbprintOf(keys[index]!.publicKey));
      expect(keys.map(({ kid }) => kid)).toEqual(kids);
    });

    it.each(sets.filter((set) => !usable.includes(set)))('$file has none, and is refused', ({ body }) => {
      expect(errorOf(() => load(body)).code).toMatch(/^OIDC_KEY_(MISSING|UNSUPPORTED)$/);
    });
  });
} else {
  it.skip('sets that issuers of others publish (skipped: the recordings are not beside the repository)', () =>
    undefined);
}
