import type { Algorithm } from '../../core/algorithms.js';

/** How a token signs for an algorithm, and makes keys for it: numbers of PKCS#11 3.0, of which pkcs11js has not all. */
interface Mechanism {
  /** Its name, and its number. */
  readonly signing: readonly [name: string, number: number];
  readonly generating: readonly [name: string, number: number];
  /** What RSASSA-PSS takes: the numbers of hash and mask, and the length of the salt (RFC 7518 section 3.5). */
  readonly pss?: { readonly hashAlg: number; readonly mgf: number; readonly saltLen: number };
  /** CKA_EC_PARAMS in DER: the object identifier of the curve. */
  readonly curve?: Buffer;
}

const generatingRsa = ['CKM_RSA_PKCS_KEY_PAIR_GEN', 0x0] as const;
const ecdsa = (curve: string): Mechanism => ({
  signing: ['CKM_ECDSA', 0x1041],
  generating: ['CKM_EC_KEY_PAIR_GEN', 0x1040],
  curve: Buffer.from(curve, 'hex'),
});
const pkcs1 = (bits: number, number: number): Mechanism => ({
  signing: [`CKM_SHA${bits}_RSA_PKCS`, number],
  generating: generatingRsa,
});
const pss = (bits: number, number: number, hashAlg: number, mgf: number): Mechanism => ({
  signing: [`CKM_SHA${bits}_RSA_PKCS_PSS`, number],
  generating: generatingRsa,
  pss: { hashAlg, mgf, saltLen: bits / 8 },
});

const mechanisms: Readonly<Record<string, Mechanism>> = {
  RS256: pkcs1(256, 0x40),
  RS384: pkcs1(384, 0x41),
  RS512: pkcs1(512, 0x42),
  PS256: pss(256, 0x43, 0x250, 2),
  PS384: pss(384, 0x44, 0x260, 3),
  PS512: pss(512, 0x45, 0x270, 4),
  ES256: ecdsa('06082a8648ce3d030107'),
  ES384: ecdsa('06052b81040022'),
  ES512: ecdsa('06052b81040023'),
  EdDSA: {
    signing: ['CKM_EDDSA', 0x1057],
    generating: ['CKM_EC_EDWARDS_KEY_PAIR_GEN', 0x1055],
    curve: Buffer.from('06032b6570', 'hex'),
  },
};

/** @param alg the first name of an algorithm of ours */
export function mechanismOf(alg: string): Mechanism {
  return mechanisms[alg]!;
}

/** Whether a token is given the digest: CKM_ECDSA signs what it gets, and of the other mechanisms few tokens have more. */
export function signsDigest({ keyType }: Algorithm): boolean {
  return keyType === 'ec';
}
