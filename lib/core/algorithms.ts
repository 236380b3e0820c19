import { constants } from 'node:crypto';
import type { KeyObject, SigningOptions } from 'node:crypto';

/**
 * The JWS algorithms that a key can be used with (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2).
 * `EdDSA` and `Ed25519` are two names of one algorithm.
 */
export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

/** What is known about a kind of key, whichever algorithm it is used with. */
interface KindOfKey {
  /** Node's name for it. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** Node's name for the curve of an EC key. */
  readonly curve?: string;
  /** How messages speak of it. */
  readonly keyDescription: string;
  /** How a PKCS#8 or SPKI document names it (RFC 8017 appendix A.1, RFC 5480, RFC 8410): bytes in hexadecimal. */
  readonly objectIdentifier: string;
  /** The bounds of its size where it has a modulus; a curve has one size. */
  readonly modulus?: { readonly minimumBits: number; readonly maximumBits: number };
  /** What `generateKeyPair` of node:crypto is asked for, but for the bits of a modulus. */
  readonly generation: { readonly namedCurve?: string };
  /** What a JWK of it says (RFC 7518 section 6, RFC 8037 section 2). */
  readonly jwk: {
    readonly kty: 'RSA' | 'EC' | 'OKP';
    readonly crv?: string;
    /** The members that are its private half. */
    readonly privateMembers: readonly string[];
  };
}

/** All that is known about one algorithm, in one place. */
export interface Algorithm extends KindOfKey {
  /**
   * What a token's `alg` or a JWK's `alg` may say for it. The first is what is written unless the key's owner chose
   * another.
   */
  readonly names: readonly [SigningAlgorithm, ...SigningAlgorithm[]];
  /** The hash to sign with, in the words of node:crypto; Ed25519 brings its own. */
  readonly hash: string | null;
  /** How node:crypto signs and verifies with a key of it. */
  readonly parameters: Readonly<SigningOptions>;
  /** The hash of `at_hash` and `c_hash` in an ID token (OpenID Connect Core section 3.1.3.6). */
  readonly tokenHash: 'sha256' | 'sha384' | 'sha512';
  /** Where a signature costs less than a hop to the thread pool, it is made on the event loop. */
  readonly signsOn: 'event loop' | 'thread pool';
  /** The same for verifying. */
  readonly verifiesOn: 'event loop' | 'thread pool';
}

/** The size of an RSA key. */
export const rsaModulus = {
  /** RFC 7518 sections 3.3 and 3.5. */
  minimumBits: 2048,
  /** Past this, one signature takes longer than a login should, and some relying parties refuse to verify it. */
  maximumBits: 8192,
};

const rsa: KindOfKey = {
  keyType: 'rsa',
  keyDescription: 'an RSA key',
  objectIdentifier: '2a864886f70d010101',
  modulus: rsaModulus,
  generation: {},
  jwk: { kty: 'RSA', privateMembers: ['d', 'p', 'q', 'dp', 'dq', 'qi'] },
};

const ec = (crv: string, curve: string): KindOfKey => ({
  keyType: 'ec',
  curve,
  keyDescription: `an EC key on ${crv}`,
  objectIdentifier: '2a8648ce3d0201',
  generation: { namedCurve: curve },
  jwk: { kty: 'EC', crv, privateMembers: ['d'] },
});

const ed25519: KindOfKey = {
  keyType: 'ed25519',
  keyDescription: 'an Ed25519 key',
  objectIdentifier: '2b6570',
  generation: {},
  jwk: { kty: 'OKP', crv: 'Ed25519', privateMembers: ['d'] },
};

// RSA verifies in a tenth of the time that it signs in.
const rsaRuns = { signsOn: 'thread pool', verifiesOn: 'event loop' } as const;
const cheap = { signsOn: 'event loop', verifiesOn: 'event loop' } as const;
// Half a millisecond and more, verifying too.
const dear = { signsOn: 'thread pool', verifiesOn: 'thread pool' } as const;

const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
// RFC 7518 section 3.5: the salt is as long as the hash.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// RFC 7518 section 3.4: R and S side by side, not DER.
const joined = { dsaEncoding: 'ieee-p1363' } as const;

const sha = (bits: 256 | 384 | 512) => ({ hash: `sha${bits}`, tokenHash: `sha${bits}` }) as const;

/**
 * One row for each algorithm, in the order in which a default is chosen: OpenID Connect Discovery section 3 requires
 * RS256, and a key whose owner has not chosen is for the first row that it fits.
 */
export const algorithms: readonly Algorithm[] = Object.freeze([
  { names: ['RS256'], ...rsa, ...rsaRuns, ...sha(256), parameters: pkcs1 },
  { names: ['RS384'], ...rsa, ...rsaRuns, ...sha(384), parameters: pkcs1 },
  { names: ['RS512'], ...rsa, ...rsaRuns, ...sha(512), parameters: pkcs1 },
  { names: ['PS256'], ...rsa, ...rsaRuns, ...sha(256), parameters: pss },
  { names: ['PS384'], ...rsa, ...rsaRuns, ...sha(384), parameters: pss },
  { names: ['PS512'], ...rsa, ...rsaRuns, ...sha(512), parameters: pss },
  { names: ['ES256'], ...ec('P-256', 'prime256v1'), ...cheap, ...sha(256), parameters: joined },
  { names: ['ES384'], ...ec('P-384', 'secp384r1'), ...dear, ...sha(384), parameters: joined },
  { names: ['ES512'], ...ec('P-521', 'secp521r1'), ...dear, ...sha(512), parameters: joined },
  {
    // RFC 9864 section 3.1 deprecates EdDSA. Of the verifiers that can read the key at all, most know only that name,
    // and some refuse a whole JWKS for the other.
    names: ['EdDSA', 'Ed25519'],
    ...ed25519,
    ...cheap,
    hash: null,
    tokenHash: 'sha512',
    parameters: {},
  },
]);

/** Every name of every algorithm. */
export const signingAlgorithms: readonly SigningAlgorithm[] = Object.freeze(
  algorithms.flatMap(({ names }) => names),
);

export function isSigningAlgorithm(name: unknown): name is SigningAlgorithm {
  return signingAlgorithms.some((each) => each === name);
}

/** The algorithm that a token, a JWK or an option means by this name. */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  return algorithms.find(({ names }) => names.some((each) => each === name));
}

/** The first algorithm for keys of which a JWK says this. */
export function algorithmOfJwk(kty: unknown, crv?: unknown): Algorithm | undefined {
  return algorithms.find(({ jwk }) => jwk.kty === kty && jwk.crv === crv);
}

/** The algorithm of a key whose owner has not chosen one. */
export function defaultAlgorithmOf(key: KeyObject): Algorithm | undefined {
  return algorithms.find((each) => fits(key, each));
}

export function fits(key: KeyObject, { keyType, curve }: Algorithm): boolean {
  return key.asymmetricKeyType === keyType && curveOf(key) === curve;
}

/** Of EC keys only: of an RSA key node:crypto would work out the exponent too, for minutes where it is long. */
export function curveOf(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
}
