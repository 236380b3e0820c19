import { nearestTo } from '../edit-distance.js';
import { OidcKeyError } from '../errors.js';

/** Members of JWKs that are registered with IANA: none of them is another one misspelt, as `ext` is not `exp`. */
const registered: ReadonlySet<string> = new Set(
  'kty use key_ops alg kid x5u x5c x5t x5t#S256 ext crv x y n e d p q dp dq qi oth k iss iat nbf exp revoked'.split(
    ' ',
  ),
);

/** Names under which other documents have these instants. */
const otherNames: Readonly<Record<string, string>> = {
  issued_at: 'iat',
  not_before: 'nbf',
  expires_at: 'exp',
  revoked_at: 'revoked',
};

/**
 * Refuses a member that is nearly one that would mean something: with `nfb` in the place of `nbf` a key signs at
 * another time than was meant. Other members that nobody knows are kept.
 *
 * @throws OidcKeyError `OIDC_KEY_MALFORMED`
 */
export function refuseMisspelt(object: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(object)) {
    if (registered.has(name) || known.includes(name)) continue;
    const spelt = name.toLowerCase().replaceAll('-', '_');
    const other = known.includes(otherNames[spelt] ?? '') ? otherNames[spelt] : undefined;
    // Of three letters two that differ are another word.
    const meant =
      other ??
      nearestTo(
        spelt,
        known.filter((each) => each.length <= 4),
        1,
      ) ??
      nearestTo(
        spelt,
        known.filter((each) => each.length > 4),
        2,
      );
    if (meant === undefined) continue;
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} has a member that is nearly "${meant}" and is not: it would mean nothing. Spell it "${meant}", or ` +
        'give it another name.',
    );
  }
}
