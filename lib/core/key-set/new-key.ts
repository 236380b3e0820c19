import type { KeyObject } from 'node:crypto';

import type { SigningAlgorithm } from '../algorithms.js';
import { LocalSigner } from '../key/local-signer.js';
import { VerificationKey } from '../key/verification-key.js';
import { KeyOfSet } from './key-of-set.js';
import type { KeySetJwk } from './key-set-document.js';

/** A key that was just made, here or elsewhere. */
export type MadeKey = { readonly privateKey: KeyObject } | HeldElsewhere;

/** A key that was made in a KMS or HSM. */
export interface HeldElsewhere {
  readonly publicKey: KeyObject;
  /** The reference of exactly this key, or version of it. */
  readonly signer: string;
}

/**
 * Makes a key for an algorithm. Key material is made before the store is read, since that takes its time; a write that
 * is tried again takes the same key: see {@link madeOnce}.
 */
export type MakeKey = (alg: SigningAlgorithm) => MadeKey | Promise<MadeKey>;

/** Makes one key for each algorithm, however often it is asked for one. */
export function madeOnce(make: MakeKey): MakeKey {
  const made = new Map<SigningAlgorithm, MadeKey | Promise<MadeKey>>();
  return (alg) => {
    const key = made.get(alg) ?? make(alg);
    made.set(alg, key);
    return key;
  };
}

/** A made key as a key set has it. Its kid is its thumbprint (RFC 7638). */
export function keyOfSetFrom(
  made: MadeKey,
  alg: SigningAlgorithm,
  life: Pick<KeySetJwk, 'iat' | 'nbf'>,
): KeyOfSet {
  const keyObject = 'privateKey' in made ? made.privateKey : made.publicKey;
  const where = 'The new key';
  const key = new VerificationKey({ keyObject, algorithm: alg, where });
  const { kid, thumbprint, algorithm } = key;
  const jwk = keyObject.export({ format: 'jwk' });
  const signer = 'signer' in made ? { signer: made.signer } : {};
  return new KeyOfSet(
    { ...(jwk as KeySetJwk), kid, use: 'sig', alg, ...life, ...signer },
    {
      kid,
      thumbprint,
      algorithm,
      alg,
      where,
      key,
      signer: 'privateKey' in made ? new LocalSigner(made.privateKey, algorithm) : undefined,
    },
  );
}
