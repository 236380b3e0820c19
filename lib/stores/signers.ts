import { OidcKeyError } from '../core/errors.js';
import { RemoteSigner } from '../core/key/remote-signer.js';
import type { SignerJudgement } from '../core/key/remote-signer.js';
import type { RemoteSigners } from '../core/key/remote-signers.js';
import { tellOfSigner } from '../core/key/signer-log.js';
import type { SignerLog } from '../core/key/signer-log.js';
import type { Signer } from '../core/key/signer.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import type { AllowedSigners } from './allowed-signers.js';
import type { CallUsage } from '../core/usage/call-usage.js';
import { wordsOf } from '../core/words-of-error.js';
import { ask } from './asking.js';
import { systemOf } from './counted-store.js';
import type { HeldKey, KmsDriver } from './kms-driver.js';
import { openKms } from './kms-reference.js';
import { KeyStoreError } from './key-store.js';
import type { SignerReference } from './key-store.js';
import { StoreReferenceError } from './store-reference-error.js';

/** What signers are opened with. */
export interface SignersOptions {
  readonly allowed: AllowedSigners;
  /** A setting that the vendors' users know. Default: the environment of the process. */
  readonly setting?: ((name: string) => string | undefined) | undefined;
  /** Counts the requests. */
  readonly calls?: CallUsage | undefined;
  readonly log?: SignerLog | undefined;
}

/**
 * How a KMS is asked what keys it has, in milliseconds. A revocation waits for no longer than this and a signature until
 * the rest of its change is loaded.
 */
const patience = { deadline: 4_000, attempts: 2 };

/** The signers of a process that are elsewhere: one for each reference and key, and the connections that they need. */
export class Signers implements RemoteSigners {
  readonly #options: SignersOptions;
  readonly #drivers = new Map<string, Promise<KmsDriver>>();
  readonly #signers = new Map<string, RemoteSigner>();
  readonly #checked = new Map<string, readonly string[]>();
  #isClosed = false;

  constructor(options: SignersOptions) {
    this.#options = options;
  }

  signerOf(reference: string, key: VerificationKey, where: string): Signer {
    const known = this.#signers.get(idOf(reference, key));
    if (known) return known;
    const allowed = this.#options.allowed.find(reference, where);
    const signer = new RemoteSigner({
      key,
      where: reference,
      system: systemOf(reference),
      judge: judgementOf,
      signer: {
        sign: async (data, signal) => (await this.#driver(allowed)).sign(data, key.algorithm, signal!),
      },
      changed: (error) => this.#say(reference, error),
    });
    if (this.#options.calls) signer.observe(this.#options.calls);
    this.#signers.set(idOf(reference, key), signer);
    return signer;
  }

  async check(reference: string, key: VerificationKey, where: string): Promise<readonly string[]> {
    const id = idOf(reference, key);
    const known = this.#checked.get(id);
    if (known) return known;
    const allowed = this.#options.allowed.find(reference, where);
    const signer = this.signerOf(reference, key, where) as RemoteSigner;
    try {
      const warnings = await this.#warningsAbout(allowed, reference, key, where);
      await signer.sign(Buffer.from('nestjs-oidc-key'));
      this.#checked.set(id, warnings);
      return warnings;
    } catch (error) {
      // What is not taken is not waited for.
      signer.rest();
      if (error instanceof OidcKeyError) throw error;
      const words = judgementOf(error)?.message ?? `${reference} failed (${wordsOf(error)}).`;
      // A key that its KMS is the store of is called by its reference.
      throw unusable(words.startsWith(where) ? words : `${where}: ${words}`);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const signer of this.#signers.values()) signer.rest();
    for (const driver of this.#drivers.values()) {
      // What could not be opened was said where it was asked.
      driver.then(
        (each) => each.close?.(),
        () => undefined,
      );
    }
    this.#drivers.clear();
  }

  async #warningsAbout(
    allowed: SignerReference,
    reference: string,
    key: VerificationKey,
    where: string,
  ): Promise<readonly string[]> {
    const driver = await this.#driver(allowed);
    const [held] = await ask((signal) => this.#publicKeys(driver, reference, signal), {
      where: reference,
      ...patience,
    });
    if (!held)
      throw unusable(
        `${where} has a signer that is not there: ${reference}. Check the name and the version.`,
      );
    if (held.reference !== reference) {
      throw unusable(
        `${where} has a signer that names no version of its key: ${reference}. Name exactly one, such as ${held.reference}.`,
      );
    }
    if (!held.publicKey.equals(key.publicKey)) {
      throw new OidcKeyError(
        'OIDC_KEY_MISMATCH',
        `${where} names ${reference} as its signer, which holds another key. Name the signer of exactly this key.`,
      );
    }
    const isForOther = held.alg !== undefined && held.alg !== key.alg;
    if (isForOther)
      throw unusable(
        `${where} is for ${key.alg}, and ${reference} signs ${held.alg} alone. Correct its "alg".`,
      );
    if (held.refusal !== undefined) throw unusable(`${where} does not sign: ${reference} ${held.refusal}`);
    return held.warning === undefined ? [] : [`${reference} ${held.warning}`];
  }

  #publicKeys(driver: KmsDriver, reference: string, signal: AbortSignal): Promise<readonly HeldKey[]> {
    const { calls } = this.#options;
    const call = { type: 'call', system: systemOf(reference), operation: 'public keys' } as const;
    return calls ? calls.run(call, () => driver.publicKeys(signal)) : driver.publicKeys(signal);
  }

  #driver({ reference, client, setting = this.#options.setting }: SignerReference): Promise<KmsDriver> {
    const known = this.#drivers.get(reference);
    if (this.#isClosed)
      return Promise.reject(
        new KeyStoreError('KEY_STORE_UNREACHABLE', `${reference.replace(/\?.*$/s, '')} is closed.`),
      );
    if (known) return known;
    const opened = openKms(reference, { name: 'The "signer" of a key', setting, client });
    this.#drivers.set(reference, opened);
    // A package may be installed, or a file be there, when somebody asks again.
    opened.catch(() => this.#drivers.delete(reference));
    return opened;
  }

  #say(reference: string, error: Error | undefined): void {
    const { log } = this.#options;
    if (log) tellOfSigner(log, reference, error);
  }
}

function idOf(reference: string, { publicJson }: VerificationKey): string {
  return `${reference} ${publicJson}`;
}

function unusable(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_SIGNER_FAILED', message);
}

function judgementOf(error: unknown): SignerJudgement | undefined {
  if (error instanceof KeyStoreError) {
    return { message: `${error.message} (${error.code})`, isTransient: error.isTransient };
  }
  if (error instanceof StoreReferenceError) return { message: error.message, isTransient: false };
  return undefined;
}
