import { OidcKeyError } from './errors.js';

/**
 * An option that is misspelt must not be one that was left out.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function refuseUnknownOptions(options: object, names: readonly string[], owner: string): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${owner} has no option "${unknown}". Its options are ${names.join(', ')}.`,
  );
}
