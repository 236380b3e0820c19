import { OidcKeyError } from '../core/errors.js';

/** RFC 8615 reserves the folder; the name is the one that most issuers use. */
export const defaultJwksPath = '/.well-known/jwks.json';

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function jwksPathOf({ path = defaultJwksPath }: { path?: string }): string {
  // Clients resolve dot segments before they ask.
  const isPlain = typeof path === 'string' && /^(\/[\w.~-]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
  if (isPlain) return path;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    'The option "jwks.path" has to begin with a slash, to end without one, and to hold no parameters or wildcards.',
  );
}
