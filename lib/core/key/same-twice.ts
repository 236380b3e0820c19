import { OidcKeyError } from '../errors.js';

/** What tells one key from another, and how messages call it. */
interface Named {
  readonly kid: string;
  readonly thumbprint: string;
  readonly where: string;
}

/**
 * Refuses two keys of one kid, and one key that stands twice.
 *
 * @param remedy what to do about one that stands twice, after "Remove one of them"
 * @throws OidcKeyError `OIDC_KEY_DUPLICATE_KID`
 */
export function refuseSameTwice(
  keys: readonly Named[],
  remedy = ': a key has one kid, one algorithm and one slot',
): void {
  const byName = new Map<string, Named>();
  for (const key of keys) {
    const sameKid = byName.get(`kid ${key.kid}`);
    if (sameKid && sameKid.thumbprint !== key.thumbprint) {
      throw duplicate(
        `${sameKid.where} and ${key.where} have the same kid, so no relying party could tell them apart ` +
          '(RFC 7517 section 4.5). Remove one of them, or give it another kid.',
      );
    }
    const same = sameKid ?? byName.get(`key ${key.thumbprint}`);
    if (same) {
      throw duplicate(
        `${same.where} and ${key.where} are one and the same key. Remove one of them${remedy}.`,
      );
    }
    byName.set(`kid ${key.kid}`, key).set(`key ${key.thumbprint}`, key);
  }
}

function duplicate(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_DUPLICATE_KID', message);
}
