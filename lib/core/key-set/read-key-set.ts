import { OidcKeyError } from '../errors.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import { isObject } from '../objects.js';
import { readJson } from '../reading/json.js';
import { exactTextOf, hasText } from '../reading/text.js';
import { checkMembersOfDocument } from './check-members.js';
import { checkOrder } from './check-order.js';
import type { KeyOfSet } from './key-of-set.js';
import { KeySet } from './key-set.js';
import type { KeySetJwk } from './key-set-document.js';
import { openKeyOfSet, thumbprintOfJwk } from './open-key-of-set.js';

/** A JSON string may hold a text of JSON again, as environments wrap it. */
const deepest = 6;

/** The JSON of a value: what it is, or what its text says. Undefined where it says nothing that JSON knows. */
export function jsonOf(value: unknown, depth = deepest): unknown {
  if (!hasText(value)) return value;
  const json = depth > 0 ? readJson(exactTextOf(value)) : undefined;
  return json && jsonOf(json.value, depth - 1);
}

/**
 * Reads a key set, and validates it whole: every key is opened, every private one signs once.
 *
 * @param value the document, or its JSON as text or bytes; decrypted already
 * @param where how messages call it
 * @throws OidcKeyError `OIDC_KEY_MALFORMED` (no JSON, an instant that is none or before its time, a member misspelt),
 * `OIDC_KEY_MISSING`, `OIDC_KEY_DUPLICATE_KID`, `OIDC_KEY_AMBIGUOUS_NEXT`, `OIDC_KEY_NOT_PRIVATE`,
 * `OIDC_KEY_MISMATCH`, `OIDC_KEY_CONFLICT`, `OIDC_KEY_UNSUPPORTED`, `OIDC_KEY_TOO_WEAK`
 */
export function* readKeySet(value: unknown, where: string): Steps<KeySet> {
  const document = jsonOf(value);
  if (!isObject(document) || !Array.isArray(document.keys)) {
    throw new OidcKeyError(
      'OIDC_KEY_MALFORMED',
      `${where} is no key set: expected a JWK Set (RFC 7517 section 5) as JSON. It may be cut off; copy it again, ` +
        'unedited.',
    );
  }
  const { keys, ...members } = document;
  const jwks = keys as readonly unknown[];
  checkMembersOfDocument(document, where);
  if (jwks.length === 0) {
    throw new OidcKeyError(
      'OIDC_KEY_MISSING',
      `${where} is a key set without keys. Where this issuer had keys, restore them; otherwise remove the value, and ` +
        '`npx nestjs-oidc-key init` makes the first one.',
    );
  }
  const opened: KeyOfSet[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const nameOfKey = jwks.length > 1 ? `${where} (key ${index + 1} of ${jwks.length})` : where;
    if (!isObject(jwk)) throw new OidcKeyError('OIDC_KEY_MALFORMED', `${nameOfKey} is no JWK. Remove it.`);
    opened.push(yield* openKeyOfSet(jwk as unknown as KeySetJwk, nameOfKey));
    // Hundreds of keys must not hold up a request that waits.
    yield pause;
  }
  const set = new KeySet(opened, members);
  checkOrder(set);
  return set;
}

/**
 * The names of the keys that a document revokes, whatever else is wrong with it: their thumbprints, and the kid of one
 * that cannot be opened.
 */
export function revokedIn(value: unknown): string[] {
  const document = jsonOf(value);
  if (!isObject(document) || !Array.isArray(document.keys)) return [];
  return (document.keys as readonly unknown[]).flatMap((jwk) => {
    if (!isObject(jwk) || jwk.revoked === undefined) return [];
    const name = thumbprintOfJwk(jwk as unknown as KeySetJwk) ?? jwk.kid;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
}
