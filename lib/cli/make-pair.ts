import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { InvalidArgumentError } from 'commander';

import { rsaModulus } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';

const generatePair = promisify(generateKeyPair);

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

export function bitsFrom(value: string): number {
  const bits = Number(value);
  // OpenSSL makes a modulus of any size; some relying parties only take whole bytes.
  if (
    /^\d+$/.test(value) &&
    bits >= rsaModulus.minimumBits &&
    bits <= rsaModulus.maximumBits &&
    bits % 8 === 0
  )
    return bits;
  throw new InvalidArgumentError(
    `It has to be a multiple of 8 from ${rsaModulus.minimumBits} to ${rsaModulus.maximumBits}.`,
  );
}
