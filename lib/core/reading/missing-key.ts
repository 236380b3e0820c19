import { OidcKeyError } from '../errors.js';

export const makeOne = '`npx nestjs-oidc-key generate` makes a key';

export function missing(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISSING',
    `${where} holds no key, and none is ever made at boot. Where this issuer had a key, set that one: a new key makes ` +
      `every token invalid. For its first one, ${makeOne}; keep it in a secret manager.`,
  );
}
