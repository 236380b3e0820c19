import { createHash } from 'node:crypto';

import { algorithmNamed, defaultAlgorithmOf, fits } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { ask } from './asking.js';
import type { HeldKey, KmsDriver } from './kms-driver.js';
import { KeyStoreError } from './key-store.js';
import type { KeyStore, SignerReference, StoredText } from './key-store.js';
import { shellWord } from './shell-word.js';

/** What a KMS is read as a store with. */
export interface KmsStoreOptions {
  readonly kms: SignerReference;
  /** How messages call it: the reference without what configuration says beside the name. */
  readonly where: string;
  /** What its keys sign. Default: what the KMS says, else the first algorithm that a key fits. */
  readonly alg?: SigningAlgorithm | undefined;
  readonly open: () => Promise<KmsDriver>;
}

/**
 * A KMS as the store of all keys, which it rotates by itself: a key set is made from what it has, by the instants at which
 * it made them. Nothing can be written.
 */
export class KmsStore implements KeyStore {
  readonly kms: SignerReference;
  readonly #options: KmsStoreOptions;
  #driver: Promise<KmsDriver> | undefined;

  constructor(options: KmsStoreOptions) {
    this.kms = options.kms;
    this.#options = options;
  }

  async read(signal?: AbortSignal): Promise<StoredText | undefined> {
    const { where } = this.#options;
    const driver = await this.#opened();
    const held = await ask((each) => driver.publicKeys(each), { where, signal });
    if (held.length === 0) return undefined;
    const newest = held.at(-1)!;
    if (held.every(({ refusal }) => refusal !== undefined)) {
      throw new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${newest.reference} ${newest.refusal}`);
    }
    const text = JSON.stringify({ keys: this.#jwksOf(held) });
    return { text, version: createHash('sha256').update(text).digest('hex') };
  }

  write(): Promise<boolean> {
    return Promise.reject(
      new KeyStoreError(
        'KEY_STORE_READ_ONLY',
        `${this.#options.where} is a KMS, which rotates its keys itself, and whose keys are revoked by OIDC_REVOKED_KIDS. For ` +
          `the commands keep a key set in a store, and begin with \`init STORE --to ${shellWord(this.#options.where)}\`.`,
      ),
    );
  }

  close(): void {
    // What could not be opened was said where it was asked.
    void this.#driver?.then(
      (driver) => driver.close?.(),
      () => undefined,
    );
  }

  /** Versions that were made in one second are told apart by a second. */
  #jwksOf(held: readonly HeldKey[]): object[] {
    let latest = -Infinity;
    return held.map(({ reference, publicKey, since, alg, refusal }) => {
      const iat = since === undefined ? undefined : Math.max(Math.floor(since), latest + 1);
      latest = iat ?? latest;
      return {
        ...publicKey.export({ format: 'jwk' }),
        use: 'sig',
        alg: this.#algOf(publicKey, alg),
        ...(iat !== undefined && { iat }),
        // One that the KMS does not sign with is published still.
        ...(refusal === undefined && { signer: reference }),
      };
    });
  }

  #algOf(publicKey: HeldKey['publicKey'], said: SigningAlgorithm | undefined): SigningAlgorithm {
    const wanted = said ?? this.#options.alg;
    const algorithm = wanted === undefined ? defaultAlgorithmOf(publicKey) : algorithmNamed(wanted);
    if (algorithm && fits(publicKey, algorithm)) return wanted ?? algorithm.names[0];
    throw new KeyStoreError(
      'KEY_STORE_KEY_UNUSABLE',
      `${this.#options.where} holds a key of the kind ${publicKey.asymmetricKeyType}, which cannot sign ` +
        `${wanted ?? 'tokens'}. Name a key that is RSA, EC on P-256, P-384 or P-521, or Ed25519.`,
    );
  }

  #opened(): Promise<KmsDriver> {
    this.#driver ??= this.#options.open().catch((error: unknown) => {
      this.#driver = undefined;
      throw error;
    });
    return this.#driver;
  }
}
