import { KeyObject } from 'node:crypto';

import { OidcKeyError } from '../core/errors.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';

/** Whether two readings of a source came to the same, so that nothing of it has to be looked at again. */
export function areSame(slots: KeySlots, before: KeySlots): boolean {
  const members = new Set([...Object.keys(slots), ...Object.keys(before)]) as Set<keyof KeySlots>;
  return [...members].every((member) => {
    const [one, other] = [slots[member], before[member]];
    if (!(one instanceof NamedValue) || !(other instanceof NamedValue)) return one === other;
    // What could not be had may be another thing each time.
    if (one.value instanceof OidcKeyError || one.about.absence || one.about.defect) return false;
    return (
      one === other ||
      (one.where === other.where &&
        one.about.warning === other.about.warning &&
        isSameValue(one.value, other.value))
    );
  });
}

/** Of an object that is the same one nobody knows what was in it before. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other)) return one !== other && one.equals(other);
  return one === other && (typeof one !== 'object' || one === null || one instanceof KeyObject);
}
