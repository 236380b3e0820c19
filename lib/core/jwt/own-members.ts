/**
 * A copy of the members that an object itself has, without a prototype. What the object inherits, and what somebody
 * put on `Object.prototype`, is not in it; and a getter has answered once, so that what is checked is what is used.
 */
export function ownMembersOf(object: object): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, object);
}

/**
 * Whether {@link ownMembersOf} takes everything that could be read from the object: nothing is hidden, and nothing is
 * inherited from anything but the `Object.prototype` of some realm.
 */
export function hasOwnMembersOnly(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return (
    (prototype === null || Object.hasOwn(prototype as object, 'hasOwnProperty')) &&
    Reflect.ownKeys(object).length === Object.keys(object).length
  );
}
