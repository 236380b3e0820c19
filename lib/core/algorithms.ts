import { constants } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';

/** The JWS algorithms (RFC 7518 section 3.1) that a key can be used with. */
export type SigningAlgorithm = 'RS256';

/** All that is known about one algorithm, in one place. */
export interface Algorithm {
  readonly name: SigningAlgorithm;
  /** The JWK `kty` (RFC 7518 section 6.1). */
  readonly kty: 'RSA';
  /** Node's name for the kind of key. */
  readonly keyType: 'rsa';
  /** The hash to sign with, in node:crypto's words. */
  readonly hash: 'sha256';
  readonly minimumBits: number;
  readonly maximumBits: number;
  readonly signParameters: (privateKey: KeyObject) => SignKeyObjectInput;
}

const table: Readonly<Record<SigningAlgorithm, Algorithm>> = {
  RS256: {
    name: 'RS256',
    kty: 'RSA',
    keyType: 'rsa',
    hash: 'sha256',
    // RFC 7518 section 3.3.
    minimumBits: 2048,
    // Past this, one signature takes longer than a login should, and some relying parties refuse to verify it.
    maximumBits: 8192,
    signParameters: (key) => ({ key, padding: constants.RSA_PKCS1_PADDING }),
  },
};

/** In the order in which a default is chosen: OpenID Connect Discovery section 3 requires RS256. */
export const signingAlgorithms = Object.freeze(Object.keys(table) as SigningAlgorithm[]);

export function isSigningAlgorithm(name: unknown): name is SigningAlgorithm {
  return typeof name === 'string' && Object.hasOwn(table, name);
}

export function algorithmNamed(name: SigningAlgorithm): Algorithm {
  return table[name];
}

/** The algorithm of a key whose owner has not chosen one, by node:crypto's kind of key. */
export function defaultAlgorithmOf(keyType: string | undefined): Algorithm | undefined {
  return Object.values(table).find((algorithm) => algorithm.keyType === keyType);
}
