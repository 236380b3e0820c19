import { InvalidArgumentError } from 'commander';

import { rsaModulus } from '../core/algorithms.js';

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
