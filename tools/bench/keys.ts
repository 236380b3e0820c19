import { constants } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';

import { makeKeyPair } from '../../test/support/key-pairs.js';

export type KeyKind = 'RSA-2048' | 'RSA-3072' | 'P-256' | 'Ed25519';

export interface Algorithm {
  /** What peers call it; the library may write the name of RFC 9864, Ed25519, where they write EdDSA. */
  readonly name: 'RS256' | 'ES256' | 'EdDSA';
  /** What node:crypto signs with. */
  readonly hash: string | null;
  readonly parameters: Omit<SignKeyObjectInput, 'key'>;
}

const rs256: Algorithm = {
  name: 'RS256',
  hash: 'sha256',
  parameters: { padding: constants.RSA_PKCS1_PADDING },
};

const kinds: Readonly<Record<KeyKind, { algorithm: Algorithm; make: () => { privateKey: KeyObject } }>> = {
  'RSA-2048': { algorithm: rs256, make: () => makeKeyPair('rsa', { modulusLength: 2048 }) },
  'RSA-3072': { algorithm: rs256, make: () => makeKeyPair('rsa', { modulusLength: 3072 }) },
  'P-256': {
    algorithm: { name: 'ES256', hash: 'sha256', parameters: { dsaEncoding: 'ieee-p1363' } },
    make: () => makeKeyPair('ec', { namedCurve: 'P-256' }),
  },
  Ed25519: {
    algorithm: { name: 'EdDSA', hash: null, parameters: {} },
    make: () => makeKeyPair('ed25519'),
  },
};

export function makeKey(kind: KeyKind): KeyObject {
  return kinds[kind].make().privateKey;
}

export function algorithmOf(kind: KeyKind): Algorithm {
  return kinds[kind].algorithm;
}

export function privatePem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

export function publicPem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
