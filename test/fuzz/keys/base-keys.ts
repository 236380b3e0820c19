import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { makeKeyFor } from '../../support/algorithm-keys.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { makeRsaKey } from '../../support/keys.js';
import { thumbprintOf } from '../../support/loaded.js';

/** A key of this run, in the forms that damage starts from. */
export interface BaseKey {
  readonly name: string;
  /** RFC 7638, where the key is of a kind that we have. */
  readonly kid: string | undefined;
  readonly jwk: JsonWebKey | undefined;
  readonly ders: readonly Buffer[];
  readonly pems: readonly string[];
}

/** The only passphrase here, for the forms that need one. */
export const passphrase = 'correct horse "battery" $taple';

const curveParameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';

const containersOf: Readonly<Record<string, readonly ('pkcs8' | 'pkcs1' | 'sec1')[]>> = {
  rsa: ['pkcs8', 'pkcs1'],
  ec: ['pkcs8', 'sec1'],
};

function baseKeyOf(name: string, key: KeyObject, isUsable: boolean): BaseKey {
  const types = containersOf[key.asymmetricKeyType ?? ''] ?? ['pkcs8'];
  const pems = types.map((type) => key.export({ format: 'pem', type }).toString());
  return {
    name,
    kid: isUsable ? thumbprintOf(createPublicKey(key)) : undefined,
    jwk: isUsable ? key.export({ format: 'jwk' }) : undefined,
    ders: types.map((type) => key.export({ format: 'der', type: type as 'pkcs8' })),
    pems: types.includes('sec1') ? [...pems, curveParameters + pems[1]!] : pems,
  };
}

const keyFor = (name: SigningAlgorithm) => makeKeyFor(algorithmNamed(name)!);

/** Keys that can sign here, two of each kind so that their parts can be swapped. */
export const usableKeys: readonly BaseKey[] = [1, 2].flatMap((number) => [
  baseKeyOf(`RSA ${number}`, keyFor('RS256'), true),
  baseKeyOf(`P-256 ${number}`, keyFor('ES256'), true),
  baseKeyOf(`P-384 ${number}`, keyFor('ES384'), true),
  baseKeyOf(`P-521 ${number}`, keyFor('ES512'), true),
  baseKeyOf(`Ed25519 ${number}`, keyFor('EdDSA'), true),
]);

const ecKey = (namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named') =>
  makeKeyPair('ec', { namedCurve, paramEncoding }).privateKey;

/** Keys that are refused as they are, which damage may not change. */
export const unusableKeys: readonly BaseKey[] = [
  baseKeyOf('1024 bits', makeRsaKey(1024), false),
  baseKeyOf('exponent 3', makeRsaKey(2048, 3), false),
  baseKeyOf('RSA-PSS', makeKeyPair('rsa-pss', { modulusLength: 2048 }).privateKey, false),
  baseKeyOf('secp256k1', ecKey('secp256k1'), false),
  baseKeyOf('sect571r1', ecKey('sect571r1'), false),
  baseKeyOf('P-256 with explicit parameters', ecKey('P-256', 'explicit'), false),
  baseKeyOf('Ed448', makeKeyPair('ed448').privateKey, false),
  baseKeyOf('X25519', makeKeyPair('x25519').privateKey, false),
  baseKeyOf('DSA', makeKeyPair('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey, false),
  baseKeyOf('DH', makeKeyPair('dh', { group: 'modp14' }).privateKey, false),
];
