import { algorithmNamed } from '../../core/algorithms.js';

/** What is known of a kind of key in a JWK Set of somebody else. */
export interface JwkKind {
  readonly kty: string;
  /** The members of its public half (RFC 7518 section 6, RFC 8037 section 2), base64url. */
  readonly members: readonly string[];
  /** The members of its private half, and those of a shared secret. */
  readonly secretMembers: readonly string[];
  /** Bytes of each coordinate, by curve; undefined where it has none. */
  readonly curves?: Readonly<Record<string, number>>;
}

const kinds: readonly JwkKind[] = [
  { kty: 'RSA', members: ['n', 'e'], secretMembers: ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'] },
  {
    kty: 'EC',
    members: ['x', 'y'],
    secretMembers: ['d'],
    curves: { 'P-256': 32, 'P-384': 48, 'P-521': 66, secp256k1: 32 },
  },
  {
    kty: 'OKP',
    members: ['x'],
    secretMembers: ['d'],
    curves: { Ed25519: 32, X25519: 32, Ed448: 57, X448: 56 },
  },
  // ML-DSA: the algorithm key pair.
  { kty: 'AKP', members: ['pub'], secretMembers: ['priv'] },
  { kty: 'oct', members: [], secretMembers: ['k'] },
];

export function kindOf({ kty }: Record<string, unknown>): JwkKind | undefined {
  return kinds.find((kind) => kind.kty === kty);
}

/** Every member that must not be in a public set, whatever kind of key it says it is. */
export const secretMembers: readonly string[] = [...new Set(kinds.flatMap((kind) => kind.secretMembers))];

const encryption =
  /^(RSA1_5|RSA-OAEP(-(256|384|512))?|ECDH-ES(\+A(128|192|256)KW)?|A(128|192|256)(GCM)?KW|dir|PBES2-.+)$/;

export function isEncryptionAlgorithm(alg: unknown): boolean {
  return typeof alg === 'string' && encryption.test(alg);
}

/** Whether a key is for the encryption of what is sent to the issuer. */
export function isForEncryption({ use, alg, key_ops: operations }: Record<string, unknown>): boolean {
  if (use !== undefined) return use === 'enc';
  if (Array.isArray(operations)) return operations.some((each) => /crypt|wrap|derive/i.test(String(each)));
  return isEncryptionAlgorithm(alg);
}

/** Algorithms of signatures that this module does not sign with, and that others do. */
const others = new Map<string, { readonly kty: string; readonly crv?: string }>([
  ['ES256K', { kty: 'EC', crv: 'secp256k1' }],
  ['Ed448', { kty: 'OKP', crv: 'Ed448' }],
  ['ML-DSA-44', { kty: 'AKP' }],
  ['ML-DSA-65', { kty: 'AKP' }],
  ['ML-DSA-87', { kty: 'AKP' }],
]);

/** The kinds of keys for an algorithm of encryption (RFC 7518 section 4.1). */
function kindsFor(alg: string): readonly string[] {
  if (alg.startsWith('RSA')) return ['RSA'];
  return alg.startsWith('ECDH') ? ['EC', 'OKP'] : ['oct'];
}

/** Whether a key of this kind can have this `alg`; undefined where nobody knows the name. */
export function algFits({ kty, crv, alg }: Record<string, unknown>): boolean | undefined {
  if (typeof alg !== 'string') return undefined;
  if (isEncryptionAlgorithm(alg)) return kindsFor(alg).includes(String(kty));
  if (/^HS(256|384|512)$/.test(alg)) return kty === 'oct';
  // RFC 8037 section 3.1: one name for two curves.
  if (alg === 'EdDSA') return kty === 'OKP' && (crv === 'Ed25519' || crv === 'Ed448');
  const needed = algorithmNamed(alg)?.jwk ?? others.get(alg);
  return needed && needed.kty === kty && needed.crv === (needed.crv === undefined ? undefined : crv);
}

/** The algorithms in which a key can sign: the one that it names, else every one that fits it. */
export function canSignIn(jwk: Record<string, unknown>, alg: string): boolean {
  if (isForEncryption(jwk)) return false;
  return jwk.alg === undefined ? algFits({ ...jwk, alg }) === true : jwk.alg === alg;
}
