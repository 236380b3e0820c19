import type { KeyObject } from 'node:crypto';

import type { Algorithm, SigningAlgorithm } from '../core/algorithms.js';

/** One key of a KMS or HSM, in exactly one version. */
export interface HeldKey {
  /** The reference of exactly this key or version: what a key set has as `signer`. */
  readonly reference: string;
  readonly publicKey: KeyObject;
  /** When it was made, in seconds since 1970, where the KMS says so. */
  readonly since?: number | undefined;
  /** What it signs with, where the KMS allows one algorithm only. */
  readonly alg?: SigningAlgorithm | undefined;
  /** Why the KMS does not sign with it now, as the end of a sentence: "is disabled. Enable it." Default: it does. */
  readonly refusal?: string | undefined;
  /** What somebody should know of it, as the end of a sentence: "is exportable: …". */
  readonly warning?: string | undefined;
}

/** What a key that is made is to be. */
export interface KeyWish {
  readonly alg: SigningAlgorithm;
  readonly algorithm: Algorithm;
  /** Of an RSA modulus. */
  readonly bits: number;
}

/**
 * A key of a KMS or HSM: how it is asked, and what its answers mean. Deadlines, retries, the limit of requests under way
 * and the check of every signature are above it. It branches on the vendor's own words, and what it throws is a
 * KeyStoreError that says whether asking again may be worth it; nothing of a request or a credential is in it.
 */
export interface KmsDriver {
  /**
   * The key that the reference names; of a KMS with versions every usable one where it names none. Oldest first. Empty
   * where there is none.
   */
  publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]>;
  /**
   * A signature by exactly the version that the reference names, in the form that a JWS has it (RFC 7518 section 3): of
   * ECDSA R and S side by side.
   */
  sign(data: Buffer, algorithm: Algorithm, signal: AbortSignal): Promise<Buffer>;
  /** Makes a key, or a version, where the reference says. */
  create(wish: KeyWish, signal: AbortSignal): Promise<HeldKey>;
  /** Takes a private key over. Not every KMS does. */
  take?(privateKey: KeyObject, wish: KeyWish, signal: AbortSignal): Promise<HeldKey>;
  /** Keeps everybody from signing with exactly this version; says in a sentence what was done, or why it cannot be. */
  disable(signal: AbortSignal): Promise<string>;
  close?(): void;
}

/** What a driver is made with. */
export interface KmsPlace {
  /** What stands behind the kind in the reference, without the query. */
  readonly place: string;
  /**
   * The query of the reference that configuration allows (`module-path`, `pin-source`, `region`), decoded. Never from a
   * document.
   */
  readonly parameters: Readonly<Record<string, string>>;
  /** How messages call the key: the reference, without the query. */
  readonly where: string;
  /** A setting that the vendor's users know, such as `VAULT_ADDR`. */
  readonly setting: (name: string) => string | undefined;
  /** A ready client of the vendor's SDK. */
  readonly client?: unknown;
}
