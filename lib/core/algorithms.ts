import { constants } from 'node:crypto';
import type { KeyObject, SigningOptions } from 'node:crypto';

/** The JWS algorithms that a key can be used with (RFC 7518 section 3.1, RFC 9864 section 2.2). */
export type SigningAlgorithm = 'RS256' | 'ES256' | 'PS256' | 'Ed25519';

/** All that is known about one algorithm, in one place. */
export interface Algorithm {
  readonly name: SigningAlgorithm;
  /** What a token's `alg` or a JWK's `alg` may say for it; what we write is the name. */
  readonly acceptedNames: readonly string[];
  /** Node's name for the kind of key. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** Node's name for the curve of an EC key. */
  readonly curve?: string;
  /** How messages speak of a key that fits. */
  readonly keyDescription: string;
  /** The hash to sign with, in node:crypto's words; Ed25519 brings its own. */
  readonly hash: string | null;
  /** How node:crypto signs and verifies with a key of it. */
  readonly parameters: Readonly<SigningOptions>;
}

const table: Readonly<Record<SigningAlgorithm, Algorithm>> = {
  RS256: {
    name: 'RS256',
    acceptedNames: ['RS256'],
    keyType: 'rsa',
    keyDescription: 'an RSA key',
    hash: 'sha256',
    parameters: { padding: constants.RSA_PKCS1_PADDING },
  },
  ES256: {
    name: 'ES256',
    acceptedNames: ['ES256'],
    keyType: 'ec',
    curve: 'prime256v1',
    keyDescription: 'an EC key on P-256',
    hash: 'sha256',
    // RFC 7518 section 3.4: R and S side by side, not DER.
    parameters: { dsaEncoding: 'ieee-p1363' },
  },
  PS256: {
    name: 'PS256',
    acceptedNames: ['PS256'],
    keyType: 'rsa',
    keyDescription: 'an RSA key',
    hash: 'sha256',
    // RFC 7518 section 3.5: the salt is as long as the hash.
    parameters: {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    },
  },
  Ed25519: {
    name: 'Ed25519',
    // RFC 9864 section 3.1 deprecates EdDSA, which tokens and keys still carry.
    acceptedNames: ['Ed25519', 'EdDSA'],
    keyType: 'ed25519',
    keyDescription: 'an Ed25519 key',
    hash: null,
    parameters: {},
  },
};

/** RFC 7518 sections 3.3 and 3.5. */
export const minimumRsaBits = 2048;
/** Past this, one signature takes longer than a login should, and some relying parties refuse to verify it. */
export const maximumRsaBits = 8192;

/** In the order in which a default is chosen: OpenID Connect Discovery section 3 requires RS256. */
export const signingAlgorithms = Object.freeze(Object.keys(table) as SigningAlgorithm[]);

export function isSigningAlgorithm(name: unknown): name is SigningAlgorithm {
  return typeof name === 'string' && Object.hasOwn(table, name);
}

/** The algorithm that a token or a JWK means by its `alg`. */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  return Object.values(table).find(({ acceptedNames }) => acceptedNames.some((each) => each === name));
}

export function algorithm(name: SigningAlgorithm): Algorithm {
  return table[name];
}

/** The algorithm of a key whose owner has not chosen one. */
export function defaultAlgorithmOf(key: KeyObject): Algorithm | undefined {
  return Object.values(table).find((each) => fits(key, each));
}

export function fits(key: KeyObject, { keyType, curve }: Algorithm): boolean {
  return key.asymmetricKeyType === keyType && curveOf(key) === curve;
}

/** Of EC keys only: of an RSA key node:crypto would work out the exponent too, for minutes where it is long. */
export function curveOf(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
}
