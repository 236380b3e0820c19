import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';

import { algorithmOf, makeKey } from '../../tools/bench/keys.js';
import type { KeyKind } from '../../tools/bench/keys.js';
import { peersOf } from '../../tools/bench/peers.js';

async function peersWithTokenOf(kind: KeyKind, alg: string) {
  const key = makeKey(kind);
  const token = await new SignJWT({ sub: 'user' }).setProtectedHeader({ alg }).sign(key);
  const { name: algorithm } = algorithmOf(kind);
  const payload = { sub: 'user' };
  return peersOf({ key, publicKey: createPublicKey(key), algorithm, keyid: 'key', payload, token });
}

describe('the peers of the benchmark', () => {
  it.each([
    ['RSA-2048', 'RS256', 5, 5],
    ['P-256', 'ES256', 5, 5],
    ['Ed25519', 'EdDSA', 2, 2],
    ['Ed25519', 'Ed25519', 2, 1],
  ] as const)(
    'sign with %s and verify a token of %s, or are left out',
    async (kind, alg, signing, verifying) => {
      const peers = await peersWithTokenOf(kind, alg);
      expect(peers).toHaveLength(signing);
      for (const { sign } of peers) expect(await sign()).toMatch(/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/);

      const verifiers = peers.flatMap(({ verify }) => verify ?? []);
      expect(verifiers).toHaveLength(verifying);
      for (const verify of verifiers) expect(JSON.stringify(await verify())).toContain('"sub":"user"');
    },
  );
});
