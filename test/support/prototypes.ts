/** An object without members of its own, whose prototype has some and inherits nothing itself. */
export function inheriting(members: Record<string, unknown>): object {
  return Object.create(Object.assign(Object.create(null) as object, members)) as object;
}

/** Runs something while every object inherits one member more, of a name that none inherits otherwise. What it does before it first waits is all that sees it. */
export function withPollutedPrototype<T>(name: string, action: () => T, value: unknown = 'polluted'): T {
  Reflect.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true });
  try {
    return action();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}
