import type { OidcKeyErrorCode, OidcTokenErrorCode } from '../errors.js';

/** Complete: the compiler compares it with the codes. */
const codes: Readonly<Record<OidcKeyErrorCode | OidcTokenErrorCode, true>> = {
  OIDC_KEY_MISSING: true,
  OIDC_KEY_MALFORMED: true,
  OIDC_KEY_NOT_PRIVATE: true,
  OIDC_KEY_UNSUPPORTED: true,
  OIDC_KEY_TOO_WEAK: true,
  OIDC_KEY_ENCRYPTED: true,
  OIDC_KEY_NOT_ENCRYPTED: true,
  OIDC_KEY_MISMATCH: true,
  OIDC_KEY_SEVERAL: true,
  OIDC_KEY_AMBIGUOUS_NEXT: true,
  OIDC_KEY_DUPLICATE_KID: true,
  OIDC_KEY_NONE_TO_SIGN: true,
  OIDC_KEY_CONFLICT: true,
  OIDC_KEY_UNREADABLE_FILE: true,
  OIDC_KEY_INVALID_OPTION: true,
  OIDC_KEY_NO_CONFIG: true,
  OIDC_KEY_SOURCE_FAILED: true,
  OIDC_KEY_STORE_FAILED: true,
  OIDC_KEY_SIGNER_FAILED: true,
  OIDC_KEY_SIGNER_NOT_ALLOWED: true,
  OIDC_KEY_NO_STORE: true,
  OIDC_KEY_MODULE_TWICE: true,
  OIDC_KEY_TESTING_IN_PRODUCTION: true,
  OIDC_TOKEN_MALFORMED: true,
  OIDC_TOKEN_INVALID_SIGNATURE: true,
  OIDC_TOKEN_INVALID_ALGORITHM: true,
  OIDC_TOKEN_EXPIRED: true,
  OIDC_TOKEN_NOT_ACTIVE: true,
  OIDC_TOKEN_CLAIM_MISMATCH: true,
  OIDC_TOKEN_INVALID_OPTION: true,
  OIDC_TOKEN_INVALID_PAYLOAD: true,
  OIDC_TOKEN_RESERVED_CLAIM: true,
};

/** Those of stores, which core knows by name alone; a test compares them. */
export const storeCodes = [
  'KEY_STORE_NOT_READ',
  'KEY_STORE_NOT_WRITTEN',
  'KEY_STORE_READ_ONLY',
  'KEY_STORE_MOUNTED_FILE',
  'KEY_STORE_BUSY',
  'KEY_STORE_UNREACHABLE',
  'KEY_STORE_THROTTLED',
  'KEY_STORE_SEALED',
  'KEY_STORE_UNAUTHENTICATED',
  'KEY_STORE_FORBIDDEN',
  'KEY_STORE_MISCONFIGURED',
  'KEY_STORE_PACKAGE_MISSING',
  'KEY_STORE_TOO_LARGE',
  'KEY_STORE_KEY_UNUSABLE',
] as const;

const counted: ReadonlySet<unknown> = new Set<string>([...Object.keys(codes), ...storeCodes]);

/** What is counted of an error: its code where it is one of ours, and nothing that somebody else has written. */
export function outcomeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (counted.has(code)) return code as string;
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  return 'error';
}
