/** What is wrong with a rotation. Stable: a test may rely on it. */
export type BrokenRotationCode =
  /** The JWKS cannot be fetched, or is none. */
  | 'JWKS_UNUSABLE'
  /** A private half stands in the JWKS. */
  | 'PRIVATE_KEY_PUBLISHED'
  /** A key of the JWKS, or a token, has no `kid`. */
  | 'KID_MISSING'
  /** Two keys of the JWKS have one `kid`. */
  | 'KID_TWICE'
  /** A `kid` is that of another key than before. */
  | 'KID_REUSED'
  /** A key is for another algorithm than before, under the same `kid`. */
  | 'ALGORITHM_CHANGED'
  /** The JWKS may be kept for longer than a key waits until it signs. */
  | 'CACHED_TOO_LONG'
  /** The key that signs next is not in the JWKS. */
  | 'NEXT_KEY_NOT_PUBLISHED'
  /** Tokens are signed with a key that is not in the JWKS. */
  | 'SIGNING_KEY_NOT_PUBLISHED'
  /** A key signs while relying parties still may hold a JWKS without it: a hard cutover. */
  | 'SIGNS_TOO_EARLY'
  /** A key left the JWKS while a token that it signed was alive. */
  | 'KEY_GONE_TOO_EARLY'
  /** A revoked key is still in the JWKS. */
  | 'REVOKED_KEY_PUBLISHED'
  /** A revoked key still signs. */
  | 'REVOKED_KEY_SIGNS'
  /** A token of a revoked key is still accepted by the application. */
  | 'REVOKED_KEY_ACCEPTED'
  /** Two replicas publish or accept different keys. */
  | 'REPLICAS_DIFFER'
  /** A token is refused for another reason. */
  | 'TOKEN_REFUSED'
  /** The key that signed at the beginning still signs. */
  | 'NOTHING_ROTATED'
  /** There is always a next change. */
  | 'NEVER_OVER';

/** A rotation during which a token that is good is refused, or one that is bad is not. */
export class BrokenRotationError extends Error {
  override readonly name = 'BrokenRotationError';

  constructor(
    readonly code: BrokenRotationCode,
    message: string,
    /** What the clock of the test showed. */
    readonly at: Date,
  ) {
    super(`${message} (${code}, at ${at.toISOString()} by the clock of the test)`);
  }
}
