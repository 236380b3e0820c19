import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithmNamed, rsaModulus } from '../core/algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../core/algorithms.js';
import type { KeySet } from '../core/key-set/key-set.js';
import type { MadeKey } from '../core/key-set/new-key.js';

/** Makes a key that fits a key set: as long as the one that it follows, unless somebody says otherwise. */
export type MakeKeyFor = (alg: SigningAlgorithm, set: KeySet | undefined) => Promise<MadeKey>;

const generatePair = promisify(generateKeyPair);

/** A key pair for an algorithm; `bits` is the size of an RSA modulus. */
export function makePair(
  { keyType, generation, modulus }: Algorithm,
  bits: number,
): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  // The declarations know no kind of key that is chosen at run time.
  const kind = keyType as 'rsa';
  return generatePair(kind, { ...generation, ...(modulus && { modulusLength: bits }) } as {
    modulusLength: number;
  });
}

/**
 * Makes keys in this process.
 *
 * @param bits of an RSA modulus; default: those of the key before
 */
export function makingHere(bits?: number): MakeKeyFor {
  return async (alg, set) => {
    const algorithm = algorithmNamed(alg)!;
    const { privateKey } = await makePair(algorithm, bits ?? bitsFor(set, algorithm));
    return { privateKey };
  };
}

/** The size of the newest key of an algorithm, or of the first one. */
export function bitsFor(set: KeySet | undefined, algorithm: Algorithm): number {
  const modulus = set?.of(algorithm).at(-1)?.toDocument().n;
  return typeof modulus !== 'string' ? rsaModulus.minimumBits : Buffer.from(modulus, 'base64url').length * 8;
}
