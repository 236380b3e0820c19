/** What a store holds: the text, and the version of the store that it is. */
export interface StoredText {
  /** The key set, plain or encrypted, or a key in any form that is read. Empty where the store holds nothing in it. */
  readonly text: string;
  /** Whatever tells this text from every other that was there: a counter, an ETag, a digest. It need not grow. */
  readonly version: string;
}

/** A place where the key set of an issuer is kept, and changed so that no change of another writer is lost. */
export interface KeyStore {
  /** Undefined where nothing is there. Rejects with a {@link KeyStoreError} where that cannot be told. */
  read(): Promise<StoredText | undefined>;

  /**
   * Writes the whole text if the store still is what was read, and nothing otherwise (compare-and-set).
   *
   * @param expected the version that was read; undefined where nothing was there
   * @returns false where somebody else has written since
   */
  write(text: string, expected: string | undefined): Promise<boolean>;
}

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
  | 'KEY_STORE_BUSY';

/** A store that cannot be read or written. The message says what to do; nothing of the content is in it. */
export class KeyStoreError extends Error {
  override readonly name = 'KeyStoreError';

  constructor(
    readonly code: KeyStoreErrorCode,
    message: string,
  ) {
    super(message);
  }
}
