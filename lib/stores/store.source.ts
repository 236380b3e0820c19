import { setTimeout as wait } from 'node:timers/promises';

import { OidcKeyError } from '../core/errors.js';
import { isUnset } from '../core/reading/text.js';
import type { Figures } from '../core/key-set/figures.js';
import { withEnds } from '../core/key-set/complete.js';
import { isKeySet } from '../core/key-set/key-set-document.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { jsonOf } from '../core/key-set/read-key-set.js';
import { unite } from '../core/key-set/unite.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';
import { memberOf } from '../core/ring/members-of-slots.js';
import { runLater } from '../core/key/steps.js';
import { readStored } from '../core/key-set/plain-keys.js';
import { decryptKeySet, isEncryptedKeySet, refusePlain } from '../sources/encrypted-key-set.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import type { KeySource } from '../sources/key-source.js';
import { areSame, isSameValue } from '../sources/same-slots.js';
import { settle } from '../sources/settled-slots.js';
import { ask } from './asking.js';
import { isOnlyEncryptedKeys } from './encrypted-keys.js';
import type { KeysElsewhere } from './keys-elsewhere.js';
import { KeyStoreError } from './key-store.js';
import { makingHere } from './make-key.js';
import type { Workplace } from './run-command.js';
import type { KeyStore, StoredText } from './key-store.js';
import { conflictOf, noKeyIn, nothingIn, refusalOf } from './store-refusals.js';
import { versionsOf } from './versions.js';

/** A store, and what is configured beside it. */
export interface StoreSourceOptions {
  readonly store: KeyStore;
  /** How messages call it: the reference. */
  readonly where: string;
  /** What the settings hold beside the store: previous keys, revoked kids and the passphrase. */
  readonly settings: KeySource | undefined;
  /** How often to ask the store again, in seconds. */
  readonly reloadInterval: number;
  readonly figures: Figures;
  /** The KMSs and HSMs that keys may be in. */
  readonly elsewhere?: KeysElsewhere | undefined;
}

/** For how long a boot waits for a store that is down, and a reload for an answer, in milliseconds. */
const patience = 25_000;
const pauseOfBoot = 1_000;
/** A store that asks to be left alone for longer is asked all the same. */
const longestRetryAfter = 300;

/** What a store held, and what it came to. */
interface Opened {
  readonly found: StoredText;
  readonly passphrase: unknown;
  readonly value: NamedValue;
  /** Whether nothing but the newest version can change it. */
  readonly isWhole: boolean;
}

/** A key source over a store: the key set comes from there, what is beside it from the settings. */
export class StoreSource implements KeySource {
  readonly #options: StoreSourceOptions;
  readonly reloadInterval: number;
  #opened: Opened | undefined;
  #slots: KeySlots | undefined;
  #hasBooted = false;
  /** The refusal of a store that asked to be left alone, and until when, on the monotonic clock. */
  #left: { readonly error: KeyStoreError; readonly until: number } | undefined;

  constructor(options: StoreSourceOptions) {
    this.#options = options;
    this.reloadInterval = options.reloadInterval;
  }

  async load(signal: AbortSignal): Promise<KeySlots> {
    const beside = (await this.#options.settings?.load(signal)) ?? {};
    const conflict = conflictOf(beside, this.#options.where);
    // In a running server the store is read all the same, since what is revoked in it takes effect whatever is beside it.
    const slots: KeySlots =
      conflict && !this.#hasBooted
        ? { ...beside, current: new NamedValue(this.#options.where, conflict) }
        : {
            ...beside,
            current: await this.#current(beside, signal),
            ...(conflict && { nextActivatesAt: new NamedValue(this.#options.where, conflict) }),
          };
    if (!this.#slots || !areSame(slots, this.#slots)) this.#slots = settle(slots);
    return this.#slots;
  }

  watch(changed: () => void): () => void {
    const { store, settings } = this.#options;
    const unwatch = [settings?.watch?.(changed), store.watch?.(changed)];
    return () => {
      for (const each of unwatch) each?.();
      store.close?.();
    };
  }

  /** What a rotation by this process is run on: the store, with the passphrase as the settings have it now. */
  async workplace(): Promise<Workplace> {
    const { store, where, settings, figures, elsewhere } = this.#options;
    const beside = (await settings?.load(new AbortController().signal)) ?? {};
    return { store, figures, elsewhere, make: makingHere(), decryption: decryptionOf(beside, where) };
  }

  async #current(beside: KeySlots, signal: AbortSignal): Promise<NamedValue> {
    const { where } = this.#options;
    try {
      const end = performance.now() + patience;
      const found = await this.#read(end, signal);
      this.#hasBooted = true;
      // What is asked for now may hang too, and what is revoked in the settings must not wait for it.
      return await ask((each) => this.#valueOf(found, beside, each), {
        where,
        deadline: Math.max(1_000, Math.round(end - performance.now())),
        attempts: 1,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      return new NamedValue(where, refusalOf(error, where));
    }
  }

  /** At boot a store that is down may be there in a moment; later the last good keys are in service. */
  async #read(end: number, signal: AbortSignal): Promise<StoredText | undefined> {
    const { where, store } = this.#options;
    let reason: unknown;
    for (;;) {
      try {
        if (this.#left && performance.now() < this.#left.until) throw this.#left.error;
        const deadline = Math.max(1, end - performance.now());
        const found = await ask((each) => store.read(each), { where, deadline, attempts: 1, signal });
        this.#left = undefined;
        return found;
      } catch (error) {
        if (!(error instanceof KeyStoreError) || !error.isTransient) throw error;
        this.#leaveAlone(error);
        // The first one says more than that the time was over.
        reason ??= error;
        if (this.#hasBooted || performance.now() + pauseOfBoot > end) throw reason as Error;
        await wait(pauseOfBoot * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  #leaveAlone(error: KeyStoreError): void {
    const { retryAfter = 0 } = error;
    if (error === this.#left?.error || retryAfter === 0) return;
    const seconds = Math.min(retryAfter, longestRetryAfter);
    this.#left = { error, until: performance.now() + seconds * 1000 };
  }

  async #valueOf(found: StoredText | undefined, beside: KeySlots, signal: AbortSignal): Promise<NamedValue> {
    const { where, store } = this.#options;
    if (!found || isUnset(found.text)) {
      const absence = store.kms ? noKeyIn(where) : nothingIn(where);
      return new NamedValue(where, undefined, { absence });
    }
    const decryption = decryptionOf(beside, where);
    const { passphrase } = decryption;
    const known = this.#opened;
    if (
      known?.isWhole &&
      known.found.version === found.version &&
      known.found.text === found.text &&
      isSameValue(known.passphrase, passphrase)
    ) {
      return known.value;
    }
    const plain = store.kms ? found.text : await plainTextOf(found.text, decryption);
    const text = await this.#wholeText(plain, found, decryption);
    signal.throwIfAborted();
    const value =
      known?.found.text === found.text && known.value.value === text
        ? known.value
        : new NamedValue(where, text);
    this.#opened = { found, passphrase, value, isWhole: !store.others || isKeySet(jsonOf(plain)) };
    return value;
  }

  /** The text itself, unless other versions of the store have keys of their own. Then it is a key set of all of them. */
  async #wholeText(plain: string, found: StoredText, decryption: Decryption): Promise<string> {
    const { store, figures } = this.#options;
    if (store.kms) {
      const keys = await setOrNothing(plain, decryption);
      return keys ? withEnds(keys, figures).toText() : plain;
    }
    const isOne = isKeySet(jsonOf(plain)) ? !store.between : !store.others;
    if (isOne) return plain;
    const set = await setOrNothing(plain, decryption);
    // The loader says what is wrong with it, after the revocations in it were taken.
    if (!set) return plain;
    const [first = set, ...others] = await versionsOf({ store, decryption, figures }, found, set);
    if (others.length > 0) return unite([first, ...others]).toText();
    return first === set ? plain : first.toText();
  }
}

/** @throws OidcKeyError where the passphrase cannot be had: what is plain would be taken without it */
function decryptionOf(beside: KeySlots, where: string): Decryption {
  const { value: passphrase, about } = memberOf(beside, 'passphrase');
  if (passphrase instanceof OidcKeyError) throw passphrase;
  if (about.emptiness) throw about.emptiness;
  return { where, passphrase, remedy: about.remedy };
}

/** A text as the loader takes it: a key set is decrypted, an encrypted key is opened there. */
async function plainTextOf(text: string, decryption: Decryption): Promise<string> {
  if (isEncryptedKeySet(text)) return decryptKeySet(text, decryption);
  if (!isOnlyEncryptedKeys(text)) refusePlain(text, decryption);
  return text;
}

async function setOrNothing(
  value: string,
  { where: name, passphrase }: Decryption,
): Promise<KeySet | undefined> {
  try {
    return await runLater(readStored({ name, value, passphrase }));
  } catch (error) {
    if (error instanceof OidcKeyError) return undefined;
    throw error;
  }
}
