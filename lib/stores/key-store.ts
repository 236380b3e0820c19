/** What a store holds: the text, and the version of the store that it is. */
export interface StoredText {
  /** The key set, plain or encrypted, or a key in any form that is read. Empty where the store holds nothing in it. */
  readonly text: string;
  /** Whatever tells this text from every other that was there: a counter, an ETag, a digest. It need not grow. */
  readonly version: string;
  /** What the store's own clock showed when it answered, in seconds since 1970, where it says so. */
  readonly date?: number | undefined;
  /** When this version was written, in seconds since 1970, where the store says so. */
  readonly since?: number | undefined;
}

/** Another version that a store keeps beside the newest. */
export interface OtherVersion {
  readonly text: string;
  /** When it was written, in seconds since 1970. */
  readonly since: number;
  /** Whether it is to become the newest one, rather than having been it (AWSPENDING). */
  readonly isPending?: boolean | undefined;
}

/** What names a key of a KMS or HSM, or several. */
export interface SignerReference {
  /** With what configuration says beside the name. */
  readonly reference: string;
  /** A ready client of the vendor's SDK. Default: one is made, with the credentials that the SDK finds. */
  readonly client?: unknown;
  /** Where the vendor's settings are read from. Default: where those of the module, or of the command, are. */
  readonly setting?: ((name: string) => string | undefined) | undefined;
}

/** A place where the key set of an issuer is kept, and changed so that no change of another writer is lost. */
export interface KeyStore {
  /** Undefined where nothing is there. Rejects with a {@link KeyStoreError} where that cannot be told. */
  read(signal?: AbortSignal): Promise<StoredText | undefined>;

  /**
   * Writes the whole text if the store still is what was read, and nothing otherwise (compare-and-set).
   *
   * @param expected the version that was read; undefined where nothing was there
   * @returns false where somebody else has written since
   */
  write(text: string, expected: string | undefined): Promise<boolean>;

  /**
   * For a store that keeps every version and cannot compare: what was written beside what was read, so that it is not
   * lost. A store that has this may write though somebody else has.
   *
   * @param base the version that `version` was made from; `0` where that was none
   * @returns the texts after `base` and before `version`, oldest first; without those that were deleted
   */
  between?(base: string, version: string): Promise<readonly StoredText[]>;

  /**
   * The versions beside the newest that the store still keeps, in any order. They are asked for while the newest is a plain
   * key, since then they say which key was there before, and since when.
   */
  others?(signal?: AbortSignal): Promise<readonly OtherVersion[]>;

  /**
   * Destroys every version before this one, for good, and says how many. For a store that keeps them. A store that cannot
   * says so in a sentence, and what can be done.
   */
  destroyBefore?(version: string): Promise<number | string>;

  /** Calls `changed` whenever asking again may be worth it; returns what ends the watch. */
  watch?(changed: () => void): () => void;

  /** Of a KMS, which holds the keys themselves and no text, so that nothing can be written. */
  readonly kms?: SignerReference | undefined;

  /** Ends what it holds open. */
  close?(): void;
}

/** What a document that was made from nothing has as its base. */
export const fromNothing = '0';

/** Why a store was not read or not written. Stable: scripts may rely on it. */
export type KeyStoreErrorCode =
  /** What it holds cannot be had. */
  | 'KEY_STORE_NOT_READ'
  /** It takes nothing from this process. */
  | 'KEY_STORE_NOT_WRITTEN'
  /** It is mounted read-only. */
  | 'KEY_STORE_READ_ONLY'
  /** A file that is mounted by itself cannot be replaced. */
  | 'KEY_STORE_MOUNTED_FILE'
  /** Other writers left no room for this one. */
  | 'KEY_STORE_BUSY'
  /** It does not answer, or something else does. */
  | 'KEY_STORE_UNREACHABLE'
  /** It answers too many at once. */
  | 'KEY_STORE_THROTTLED'
  /** It is sealed, and somebody has to unseal it. */
  | 'KEY_STORE_SEALED'
  /** It does not know who asks: credentials are missing, wrong or expired. */
  | 'KEY_STORE_UNAUTHENTICATED'
  /** It knows who asks, and they may not. */
  | 'KEY_STORE_FORBIDDEN'
  /** A setting that it needs is missing or wrong. */
  | 'KEY_STORE_MISCONFIGURED'
  /** The package that it is reached with is not installed. */
  | 'KEY_STORE_PACKAGE_MISSING'
  /** The key set is larger than what it takes. */
  | 'KEY_STORE_TOO_LARGE'
  /** A KMS does not sign with the key: it is not there, disabled, deleted, or of another kind. */
  | 'KEY_STORE_KEY_UNUSABLE';

/** @inline */
interface KeyStoreErrorOptions {
  /** Whether asking again may be worth it. Default: it is not. */
  readonly isTransient?: boolean | undefined;
  /** How long the store asks to be left alone, in seconds. */
  readonly retryAfter?: number | undefined;
}

/** A store that cannot be read or written. The message says what to do; nothing of the content is in it. */
export class KeyStoreError extends Error {
  override readonly name = 'KeyStoreError';
  /** Whether asking again may be worth it. */
  readonly isTransient: boolean;
  /** How long the store asks to be left alone, in seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: KeyStoreErrorCode,
    message: string,
    { isTransient = false, retryAfter }: KeyStoreErrorOptions = {},
  ) {
    super(message);
    this.isTransient = isTransient;
    this.retryAfter = retryAfter;
  }
}
