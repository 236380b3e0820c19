import type { KeySlots } from '../core/reading/key-slots.js';

/** Slots that do not change after they were given. A source of somebody else's may give one object and change it. */
const settled = new WeakSet<KeySlots>();

/** Slots that a source gives again, the same object, while nothing has changed. */
export function settle(slots: KeySlots): KeySlots {
  const frozen = Object.freeze({ ...slots });
  settled.add(frozen);
  return frozen;
}

/** Whether these slots are the ones that were given before, so that nothing in them has to be looked at again. */
export function areUnchanged(slots: KeySlots, before: KeySlots | undefined): boolean {
  return slots === before && settled.has(slots);
}
