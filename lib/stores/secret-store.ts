import { ask } from './asking.js';
import { textIn, withText } from './fields.js';
import type { FieldChoice } from './fields.js';
import { KeyStoreError } from './key-store.js';
import type { KeyStore, OtherVersion, StoredText } from './key-store.js';
import type { Secret, SecretContent, SecretDriver } from './secret-driver.js';

/** What a kind of store is, before it is asked. */
export interface SecretKind {
  /** Whether a secret is made of fields, rather than one text. */
  readonly isFields: boolean;
  /** How many bytes it takes at most; undefined where that is for the store to say. */
  readonly mostBytes?: number | undefined;
}

const patienceOfWrites = 10_000;
const patienceOfDestruction = 60_000;

/** A secret of a secret manager as a store: what all of them have in common, above what each is asked. */
export class SecretStore implements KeyStore {
  readonly #driver: SecretDriver;
  readonly #choice: FieldChoice;
  readonly #kind: SecretKind;
  /** What was read last, since a write has to leave the other fields as they are. */
  #read: Secret | undefined;
  readonly between?: (base: string, version: string) => Promise<readonly StoredText[]>;
  readonly others?: (signal?: AbortSignal) => Promise<readonly OtherVersion[]>;
  readonly destroyBefore?: (version: string) => Promise<number | string>;

  constructor(driver: SecretDriver, choice: FieldChoice, kind: SecretKind) {
    this.#driver = driver;
    this.#choice = choice;
    this.#kind = kind;
    if (driver.between) this.between = (base, version) => this.#between(base, version);
    if (driver.others) this.others = (signal) => this.#others(signal);
    if (driver.destroyBefore) {
      this.destroyBefore = (version) =>
        ask((signal) => driver.destroyBefore!(version, signal), {
          ...this.#once,
          deadline: patienceOfDestruction,
        });
    }
  }

  async read(signal?: AbortSignal): Promise<StoredText | undefined> {
    const { where } = this.#choice;
    this.#read = await ask((each) => this.#driver.read(each), { where, signal });
    return this.#read && this.#storedText(this.#read);
  }

  async write(text: string, expected: string | undefined): Promise<boolean> {
    if (this.#read?.version !== expected) await this.read();
    const before = this.#read;
    if (before?.version !== expected) return false;
    const content = withText(before?.content, text, { ...this.#choice, isFields: this.#kind.isFields });
    this.#refuseTooLarge(content);
    // Once: a write whose answer was lost may have been done, and whoever asked finds that out.
    return ask((signal) => this.#driver.write(content, expected, signal), {
      ...this.#once,
      deadline: patienceOfWrites,
    });
  }

  close(): void {
    this.#driver.close?.();
  }

  get #once(): { readonly where: string; readonly attempts: number } {
    return { where: this.#choice.where, attempts: 1 };
  }

  async #between(base: string, version: string): Promise<readonly StoredText[]> {
    const { where } = this.#choice;
    const secrets = await ask((signal) => this.#driver.between!(base, version, signal), { where });
    return secrets.map((secret) => this.#storedText(secret));
  }

  async #others(signal?: AbortSignal): Promise<readonly OtherVersion[]> {
    const { where } = this.#choice;
    const secrets = await ask((each) => this.#driver.others!(each), { where, signal });
    return secrets.flatMap(({ content, since, isPending }) => {
      const text = textOrNothing(content, this.#choice);
      return text === undefined ? [] : { text, since, isPending };
    });
  }

  #storedText({ content, version, date, since }: Secret): StoredText {
    return { text: textIn(content, this.#choice), version, date, since };
  }

  #refuseTooLarge(content: SecretContent): void {
    const { mostBytes } = this.#kind;
    if (mostBytes === undefined || typeof content !== 'string') return;
    const bytes = Buffer.byteLength(content);
    if (bytes <= mostBytes) return;
    throw new KeyStoreError(
      'KEY_STORE_TOO_LARGE',
      `${this.#choice.where} takes ${mostBytes} bytes, and the key set has ${bytes}. Retire an algorithm that nobody needs, ` +
        'shorten the retention, or make keys of ES256: they are a sixth as long as those of RS256.',
    );
  }
}

/** A version of before may have had other fields; that is nothing to stop at. */
function textOrNothing(content: SecretContent, choice: FieldChoice): string | undefined {
  try {
    return textIn(content, choice);
  } catch (error) {
    if (error instanceof KeyStoreError) return undefined;
    throw error;
  }
}
