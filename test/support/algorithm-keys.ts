import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Algorithm } from '../../lib/core/algorithms.js';
import { makeKeyPair } from './key-pairs.js';
import { base64url } from './tokens.js';

/** A private key of this run for any algorithm. */
export function makeKeyFor({ keyType, generation, modulus }: Algorithm): KeyObject {
  return makeKeyPair(keyType, { ...generation, ...(modulus && { modulusLength: 2048 }) }).privateKey;
}

/** A token with whatever header, really signed as an algorithm has it. */
export function signedAs(
  { hash, parameters }: Algorithm,
  key: KeyObject,
  header: object,
  payload: unknown,
): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${sign(hash, Buffer.from(input), { ...parameters, key }).toString('base64url')}`;
}
