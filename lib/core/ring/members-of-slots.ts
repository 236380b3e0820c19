import { OidcKeyError } from '../errors.js';
import { isObject } from '../objects.js';
import type { KeySlots } from '../reading/key-slots.js';
import { NamedValue } from '../reading/named-value.js';
import { revokedKidsOf } from '../reading/revoked-kids.js';
import type { RevokedKids } from '../reading/revoked-kids.js';
import { revokedInKeySet } from './key-set-in.js';
import { slotNames } from './life.js';
import { RevocationList } from './revocation-list.js';

const members = [...slotNames, 'revokedKids', 'nextActivatesAt', 'passphrase'];

/** A value with its name; a source may give plain values. */
export function memberOf(slots: KeySlots, member: keyof KeySlots): NamedValue {
  const value = slots[member];
  return value instanceof NamedValue ? value : new NamedValue(`The source’s slot "${member}"`, value);
}

/** @throws OidcKeyError where the value could not be had */
export function had({ value }: NamedValue): unknown {
  if (value instanceof OidcKeyError) throw value;
  return value;
}

/**
 * The revocations of a source, those of a key set among them, which take effect whatever else is wrong: what is wrong with them is found when the
 * rest is loaded.
 */
export function revocationsIn(slots: KeySlots): RevocationList {
  const inKeySet = isObject(slots) ? revokedInKeySet(memberOf(slots, 'current')) : [];
  return new RevocationList(revokedKidsIn(slots).kids, inKeySet);
}

/**
 * Refuses what is wrong with a source beside its keys.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, and that of a value that could not be had
 */
export function refuseUnsoundSlots(slots: KeySlots): void {
  const unknown = isObject(slots) ? Object.keys(slots).find((name) => !members.includes(name)) : 'nothing';
  if (unknown !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      // What is no word may be a key.
      `The source gave ${/^\w{1,40}$/.test(unknown) ? `"${unknown}"` : 'something'}, where only ${members.join(', ')} are known.`,
    );
  }
  const { defect } = revokedKidsIn(slots);
  if (defect) throw defect;
}

function revokedKidsIn(slots: KeySlots): RevokedKids {
  if (!isObject(slots)) return { kids: [] };
  const { where, value, about } = memberOf(slots, 'revokedKids');
  if (value instanceof OidcKeyError) return { kids: [], defect: value };
  const { kids, defect = about.defect } = revokedKidsOf(value, where);
  return defect ? { kids, defect } : { kids };
}
