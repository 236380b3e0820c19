import type { SigningAlgorithm } from '../../core/algorithms.js';
import type { KeyWish } from '../kms-driver.js';

/** Google's algorithms that a JWS has too. */
const rows = [
  { name: 'RSA_SIGN_PKCS1_2048_SHA256', number: 5, alg: 'RS256', bits: 2048 },
  { name: 'RSA_SIGN_PKCS1_3072_SHA256', number: 6, alg: 'RS256', bits: 3072 },
  { name: 'RSA_SIGN_PKCS1_4096_SHA256', number: 7, alg: 'RS256', bits: 4096 },
  { name: 'RSA_SIGN_PKCS1_4096_SHA512', number: 16, alg: 'RS512', bits: 4096 },
  { name: 'RSA_SIGN_PSS_2048_SHA256', number: 2, alg: 'PS256', bits: 2048 },
  { name: 'RSA_SIGN_PSS_3072_SHA256', number: 3, alg: 'PS256', bits: 3072 },
  { name: 'RSA_SIGN_PSS_4096_SHA256', number: 4, alg: 'PS256', bits: 4096 },
  { name: 'RSA_SIGN_PSS_4096_SHA512', number: 15, alg: 'PS512', bits: 4096 },
  { name: 'EC_SIGN_P256_SHA256', number: 12, alg: 'ES256', bits: undefined },
  { name: 'EC_SIGN_P384_SHA384', number: 13, alg: 'ES384', bits: undefined },
  { name: 'EC_SIGN_ED25519', number: 40, alg: 'EdDSA', bits: undefined },
] as const satisfies readonly {
  readonly name: string;
  /** Of the proto file: what the SDK has in place of the name, as it was made. */
  readonly number: number;
  readonly alg: SigningAlgorithm;
  /** Of an RSA modulus. */
  readonly bits: number | undefined;
}[];

export type GoogleAlgorithm = (typeof rows)[number];

/** Undefined where it signs nothing that a JWS has. */
export function googleAlgorithm(value: string | number | null | undefined): GoogleAlgorithm | undefined {
  return rows.find(({ name, number }) => name === value || number === value);
}

/** What is asked for where a key is to be made; undefined where Google has none. */
export function googleAlgorithmFor(wish: KeyWish): GoogleAlgorithm | undefined {
  return algorithmsOf(wish).find(({ bits }) => bits === undefined || bits === wish.bits);
}

/** Whether a key that makes versions of one algorithm makes what was wished for. A longer modulus does too. */
export function fulfils(wish: KeyWish, { alg, bits }: GoogleAlgorithm): boolean {
  return alg === wish.algorithm.names[0] && (bits ?? Infinity) >= wish.bits;
}

/** What there is, in place of what was wished for. */
export function offerFor(wish: KeyWish): string {
  const sizes = algorithmsOf(wish).map(({ bits }) => bits);
  return sizes.length > 0
    ? `Cloud KMS makes no key of ${wish.bits} bits for ${wish.alg}. It has ${sizes.join(', ')}.`
    : `Cloud KMS makes no key for ${wish.alg}. It has ${[...new Set(rows.map(({ alg }) => alg))].join(', ')}.`;
}

function algorithmsOf({ algorithm }: KeyWish): readonly GoogleAlgorithm[] {
  return rows.filter(({ alg }) => alg === algorithm.names[0]);
}
