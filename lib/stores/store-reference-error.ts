/** A reference that names no store, or none at all. The message says what would. */
export class StoreReferenceError extends Error {
  override readonly name = 'StoreReferenceError';

  constructor(
    message: string,
    /** Stable: scripts may rely on it. */
    readonly code: 'KEY_STORE_UNKNOWN' | 'STORE_MISSING' = 'KEY_STORE_UNKNOWN',
  ) {
    super(message);
  }
}
