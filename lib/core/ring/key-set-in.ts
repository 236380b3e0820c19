import { OidcKeyError } from '../errors.js';
import { isKeySet } from '../key-set/key-set-document.js';
import { jsonOf, revokedIn } from '../key-set/read-key-set.js';
import { isObject } from '../objects.js';
import { base64OrBase64url, decodeBase64 } from '../reading/base64.js';
import type { NamedValue } from '../reading/named-value.js';
import { exactTextOf, hasText, withoutWrapping } from '../reading/text.js';
import { unescapeBase64 } from '../reading/unescape.js';

/** The key set that the current value is: an object, or JSON, also in base64. Undefined where it is none. */
export function keySetIn(value: unknown): unknown {
  const document = documentIn(value);
  return isKeySet(document) ? document : undefined;
}

/**
 * The names of the keys that a key set revokes, under both names of the setting, and whatever is wrong with the rest.
 */
export function revokedInKeySet({ value, about }: NamedValue): readonly string[] {
  return [value, about.alias?.value].flatMap((each) => revokedIn(documentIn(each)));
}

/**
 * Refuses a key set where its instants would not be looked at.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT`
 */
export function refuseKeySetWithin({ value, where }: NamedValue): void {
  const json = documentIn(value);
  const within = Array.isArray(json) ? json : isObject(json) && 'key' in json ? [json.key] : [];
  if (!within.some((each) => keySetIn(each) !== undefined || (isObject(each) && keySetIn(each.key)))) return;
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `${where} has a key set in a list or in a description ({ key }). Give the key set alone: it holds every key, with ` +
      'its kid, its algorithm and its instants.',
  );
}

function documentIn(value: unknown): unknown {
  const json = jsonOf(value);
  if (json !== undefined || !hasText(value)) return json;
  const bytes = decodeBase64(unescapeBase64(withoutWrapping(exactTextOf(value))), base64OrBase64url);
  return bytes && jsonOf(bytes);
}
