import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { algorithmNamed, fits } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import type { KeySet } from '../core/key-set/key-set.js';
import type { MadeKey } from '../core/key-set/new-key.js';
import type { Proof } from '../core/key-set/revoke.js';
import type { AllowedSigners } from './allowed-signers.js';
import { ask } from './asking.js';
import { CommandRefusedError } from './command-refused-error.js';
import type { KeyWish, KmsDriver } from './kms-driver.js';
import { allowanceFor, kmsReferenceIn, openKms, placeForKeysOf } from './kms-reference.js';
import { KeyStoreError } from './key-store.js';
import type { SignerReference } from './key-store.js';
import { bitsFor } from './make-key.js';
import { shellWord } from './shell-word.js';
import { StoreReferenceError } from './store-reference-error.js';

/** What is known of KMSs and HSMs where a command is run. */
export interface ElsewhereOptions {
  /** Where keys are made: a reference, or `store` for the store itself. Default: where the key before is. */
  readonly to?: string | SignerReference | undefined;
  /** What servers allow; undefined where nothing says so. */
  readonly allowed?: AllowedSigners | undefined;
  /** How messages call the setting of that. Default: `OIDC_SIGNERS`. */
  readonly nameOfAllowed?: string | undefined;
  /** The size of an RSA modulus; default: that of the key before. */
  readonly bits?: number | undefined;
  readonly setting?: ((name: string) => string | undefined) | undefined;
}

/** The word for the store itself, where a KMS could stand. */
export const theStore = 'store';
/** To make a key of RSA takes an HSM seconds. In milliseconds. */
const patience = 30_000;
/** A revocation waits for no longer than this until it is written. In milliseconds. */
const haste = 4_000;

const probe = Buffer.from('nestjs-oidc-key');

/** The KMSs and HSMs in which a command makes keys, takes keys over, and disables them. */
export class KeysElsewhere {
  readonly #options: ElsewhereOptions;

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  /** Whether the keys of this set are made elsewhere. */
  isFor(alg: SigningAlgorithm, set: KeySet | undefined): boolean {
    return this.#targetFor(alg, set) !== undefined;
  }

  /** Makes a key of an algorithm where that is elsewhere; undefined where the store is to have its private half. */
  async make(alg: SigningAlgorithm, set: KeySet | undefined): Promise<MadeKey | undefined> {
    const target = this.#targetFor(alg, set);
    if (!target) return undefined;
    const wish = this.#wishFor(alg, set);
    const held = await this.#on(target, (driver, signal) => driver.create(wish, signal));
    if (fits(held.publicKey, wish.algorithm)) return { publicKey: held.publicKey, signer: held.reference };
    throw new KeyStoreError(
      'KEY_STORE_KEY_UNUSABLE',
      `${held.reference} was made and is no key of ${alg}. Name another place for keys of ${alg}.`,
    );
  }

  /**
   * The keys of a set whose private halves it has, moved to where keys are made: under their kids, since they are the same.
   *
   * @throws CommandRefusedError `KEY_NOT_TAKEN`
   */
  async take(set: KeySet): Promise<KeySet> {
    const { to } = this.#options;
    if (to === undefined || to === theStore) return set;
    const taken = new Map<KeyOfSet, KeyOfSet>();
    for (const key of set.keys.filter(({ hasPrivateHalf }) => hasPrivateHalf)) {
      const wish = this.#wishFor(key.alg, set);
      const held = await this.#on(this.#allowed(to), (driver, signal) => {
        if (!driver.take) {
          const place = shellWord(referenceOf(to));
          throw notTaken(
            `${place} takes no keys that were made elsewhere. Take them over into the store (\`init --from\` without --to); then ` +
              `\`rotate --to ${place}\` makes the next key there, and the old one goes when its tokens have expired.`,
          );
        }
        return driver.take(privateKeyOf(key), wish, signal);
      });
      if (!held.publicKey.equals(key.verificationKey!.publicKey)) {
        throw notTaken(`${held.reference} holds another key than the one that was given.`);
      }
      taken.set(key, key.withoutSigner().with({ signer: held.reference }));
    }
    return set.changed((key) => taken.get(key) ?? key);
  }

  /**
   * Keeps a key from signing where it is, and says what came of it. The revocation is written already.
   *
   * @param publicKey the key that is meant; undefined where nothing of it is known but the reference
   */
  async disable(reference: string, publicKey: KeyObject | undefined): Promise<string> {
    try {
      return await this.#on(this.#ofDocument(reference), async (driver, signal) => {
        // Not every KMS shows a key that signs no more; what else is wrong, to disable it says.
        const [held] = await driver.publicKeys(signal).catch(() => []);
        if (held && publicKey && !held.publicKey.equals(publicKey)) {
          return `${reference} holds another key by now, and was left as it is.`;
        }
        return driver.disable(signal);
      });
    } catch (error) {
      return `The key still signs in ${reference} for whoever may ask: ${reasonOf(error)}`;
    }
  }

  /** Finds out whether a key of a set signs where it is held. Whoever makes keys there may have no right to sign. */
  async prove(key: KeyOfSet): Promise<Proof> {
    const { publicKey } = key.verificationKey!;
    const reference = key.signer!;
    const fails = (why: string): Proof => ({ type: 'fails', why: `${reference} ${why}` });
    try {
      const work = async (driver: KmsDriver, signal: AbortSignal): Promise<Proof> => {
        const [held] = await driver.publicKeys(signal);
        if (!held) return fails('is not there.');
        if (!held.publicKey.equals(publicKey)) return fails('holds another key by now.');
        if (held.refusal !== undefined) return fails(held.refusal);
        const signature = await driver.sign(probe, key.algorithm, signal).catch((error: unknown) => {
          if (error instanceof KeyStoreError && error.code === 'KEY_STORE_FORBIDDEN') return undefined;
          throw error;
        });
        if (!signature || (await key.verificationKey!.verifies(probe, signature))) return { type: 'signs' };
        return fails('makes signatures that its public key does not verify.');
      };
      return await this.#on(this.#ofDocument(reference), work, haste);
    } catch (error) {
      const isSure = error instanceof KeyStoreError && error.code === 'KEY_STORE_KEY_UNUSABLE';
      return { type: isSure ? 'fails' : 'unknown', why: reasonOf(error) };
    }
  }

  /** What servers need that read a key set with a key that was made here; nothing where it was made sure before. */
  sentencesForServers(): readonly string[] {
    const { to, allowed } = this.#options;
    if (to === undefined || to === theStore || allowed) return [];
    const name = this.#nameOfAllowed;
    return [
      `${name} is not set here, so nothing says whether servers may use this key. One whose ${name} does not allow it stays ` +
        `with its old keys, and does not start: ${name}=${allowanceFor(referenceOf(to))} allows it.`,
    ];
  }

  get #nameOfAllowed(): string {
    return this.#options.nameOfAllowed ?? 'OIDC_SIGNERS';
  }

  #targetFor(alg: SigningAlgorithm, set: KeySet | undefined): SignerReference | undefined {
    const { to } = this.#options;
    if (to === theStore) return undefined;
    if (to !== undefined) return this.#allowed(to);
    const before = set?.unrevokedOf(algorithmNamed(alg)!).findLast(({ canSign }) => canSign)?.signer;
    const last = before ?? set?.of(algorithmNamed(alg)!).at(-1)?.signer;
    return last === undefined ? undefined : this.#ofDocument(placeForKeysOf(last));
  }

  /** Whoever can write the store must not decide in which KMS a command works with the rights of who runs it. */
  #ofDocument(reference: string): SignerReference {
    const { allowed, to } = this.#options;
    if (allowed || to !== undefined) return this.#allowed(reference);
    throw new OidcKeyError(
      'OIDC_KEY_SIGNER_NOT_ALLOWED',
      `A key of the set is held in ${reference}, and ${this.#nameOfAllowed} is not set here. Set it to what servers allow, which ` +
        `may be ${allowanceFor(reference)}, and run this again.`,
    );
  }

  /** What servers would refuse is not made. */
  #allowed(target: string | SignerReference): SignerReference {
    const { allowed } = this.#options;
    const { reference, client, setting }: SignerReference =
      typeof target === 'string' ? { reference: target } : target;
    const name = kmsReferenceIn(reference, 'The reference of --to').where;
    const found = allowed?.find(name, 'The new key');
    return {
      reference: name === reference ? (found?.reference ?? reference) : reference,
      client: client ?? found?.client,
      setting: setting ?? found?.setting,
    };
  }

  #wishFor(alg: SigningAlgorithm, set: KeySet | undefined): KeyWish {
    const algorithm = algorithmNamed(alg)!;
    return { alg, algorithm, bits: this.#options.bits ?? bitsFor(set, algorithm) };
  }

  /** Once: a key that was made is not made again where the answer was lost. */
  async #on<Answer>(
    { reference, client, setting = this.#options.setting }: SignerReference,
    work: (driver: KmsDriver, signal: AbortSignal) => Promise<Answer>,
    deadline = patience,
  ): Promise<Answer> {
    // What is behind a name that has none of its own comes from there.
    const isOfOption = this.#options.to !== undefined && referenceIn(this.#options.to) === reference;
    const name = isOfOption ? 'The reference of --to' : this.#nameOfAllowed;
    const driver = await openKms(reference, { name, setting, client });
    try {
      const where = kmsReferenceIn(reference, 'The reference').where;
      return await ask((signal) => work(driver, signal), { where, deadline, attempts: 1 });
    } finally {
      driver.close?.();
    }
  }
}

function referenceIn(target: string | SignerReference): string {
  return typeof target === 'string' ? target : target.reference;
}

function referenceOf(target: string | SignerReference): string {
  return kmsReferenceIn(referenceIn(target), 'The reference of --to').where;
}

function reasonOf(error: unknown): string {
  const isOurs = [KeyStoreError, OidcKeyError, StoreReferenceError].some((type) => error instanceof type);
  return isOurs && error instanceof Error ? error.message : 'It failed for a reason that is not known.';
}

function privateKeyOf(key: KeyOfSet): KeyObject {
  return createPrivateKey({ key: key.toDocument() as never, format: 'jwk' });
}

function notTaken(message: string): CommandRefusedError {
  return new CommandRefusedError('KEY_NOT_TAKEN', message);
}
