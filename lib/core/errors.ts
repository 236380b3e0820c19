/** What is wrong with a key, a slot or a setting. Stable: scripts and alerts may rely on it. */
export type OidcKeyErrorCode =
  /** No key is configured, or an option that is required holds nothing. */
  | 'OIDC_KEY_MISSING'
  /** The value is not a key in any accepted form, or is damaged. */
  | 'OIDC_KEY_MALFORMED'
  /** A public key, a certificate or a shared secret where a private key is needed. */
  | 'OIDC_KEY_NOT_PRIVATE'
  /** A real key, but of a kind, format or size that cannot be used here. */
  | 'OIDC_KEY_UNSUPPORTED'
  /** A key that can be broken: too few bits, a small exponent, a known-weak (ROCA) modulus. */
  | 'OIDC_KEY_TOO_WEAK'
  /** The key is encrypted, and the passphrase is missing or wrong. */
  | 'OIDC_KEY_ENCRYPTED'
  /** A key set of a store that is not encrypted, although a passphrase is set: whoever can write the store made it. */
  | 'OIDC_KEY_NOT_ENCRYPTED'
  /** The private and the public half do not belong together. */
  | 'OIDC_KEY_MISMATCH'
  /** Several keys where one is meant. */
  | 'OIDC_KEY_SEVERAL'
  /** A schedule, and two next keys of one algorithm; or two keys of a key set that start to sign at one instant. */
  | 'OIDC_KEY_AMBIGUOUS_NEXT'
  /** Two keys with one `kid` (RFC 7517 section 4.5). */
  | 'OIDC_KEY_DUPLICATE_KID'
  /** No current key for the algorithm. */
  | 'OIDC_KEY_NONE_TO_SIGN'
  /** Two settings that exclude each other. */
  | 'OIDC_KEY_CONFLICT'
  /** A file that a setting names cannot be read. */
  | 'OIDC_KEY_UNREADABLE_FILE'
  /** An option or setting, other than a key, whose value cannot be used. */
  | 'OIDC_KEY_INVALID_OPTION'
  /** No ConfigService to read the settings from. */
  | 'OIDC_KEY_NO_CONFIG'
  /** A key source that failed by itself, or did not answer in time. */
  | 'OIDC_KEY_SOURCE_FAILED'
  /** The key store cannot be read. The message ends with the code of the store's own error. */
  | 'OIDC_KEY_STORE_FAILED'
  /** A KMS, an HSM or a signer of an application made no signature, or one that the key does not verify. */
  | 'OIDC_KEY_SIGNER_FAILED'
  /** A key set names a signer that configuration does not allow. */
  | 'OIDC_KEY_SIGNER_NOT_ALLOWED'
  /** A rotation by a server whose keys come from no store. */
  | 'OIDC_KEY_NO_STORE'
  /** Two instances of the module that would shadow each other. */
  | 'OIDC_KEY_MODULE_TWICE'
  /** `nestjs-oidc-key/testing` is imported under `NODE_ENV=production`. */
  | 'OIDC_KEY_TESTING_IN_PRODUCTION';

/** Why a token was not signed or not accepted. Stable, like {@link OidcKeyErrorCode}. */
export type OidcTokenErrorCode =
  /** Not a JWT in compact serialization (RFC 7519 section 7.2), or a claim of the wrong type. */
  | 'OIDC_TOKEN_MALFORMED'
  /** The signature is not by a key of the ring, or the `kid` is in no slot. */
  | 'OIDC_TOKEN_INVALID_SIGNATURE'
  /** The header's `alg` is not the algorithm of the key. */
  | 'OIDC_TOKEN_INVALID_ALGORITHM'
  /** `exp` has been reached. */
  | 'OIDC_TOKEN_EXPIRED'
  /** `nbf` has not been reached. */
  | 'OIDC_TOKEN_NOT_ACTIVE'
  /** A claim, or the header's `typ`, is not what the caller requires. */
  | 'OIDC_TOKEN_CLAIM_MISMATCH'
  /** An option of `sign` or `verify` that is unknown, or whose value cannot be applied. */
  | 'OIDC_TOKEN_INVALID_OPTION'
  /** A payload that cannot become a JWT. */
  | 'OIDC_TOKEN_INVALID_PAYLOAD'
  /** `extraTokenFields` returned a claim that would turn one kind of token into another. */
  | 'OIDC_TOKEN_RESERVED_CLAIM';

/**
 * A key or setting that cannot be used. The message names the setting, the defect and the remedy;
 * neither it nor any other member holds a part of the configured value, and there is no `cause`.
 */
export class OidcKeyError extends Error {
  override readonly name = 'OidcKeyError';

  constructor(
    readonly code: OidcKeyErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** A token that was not signed or not accepted. No member holds a part of the token. */
export class OidcTokenError extends Error {
  override readonly name = 'OidcTokenError';

  constructor(
    readonly code: OidcTokenErrorCode,
    message: string,
    /** The claim, or the member of the header such as `header.typ`, that was not as the verifier requires. */
    readonly claim?: string,
    /** What the verifier requires of it, in words. */
    readonly expected?: string,
  ) {
    super(message);
  }
}
