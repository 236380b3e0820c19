import { KeyObject } from 'node:crypto';

/** Every KeyObject that can be reached from these values by own members, however these are named or hidden. */
export function keyObjectsWithin(...values: unknown[]): KeyObject[] {
  const seen = new Set<unknown>();
  const found: KeyObject[] = [];
  const waiting = [...values];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!isObjectOrFunction(value) || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof KeyObject) found.push(value);
    else waiting.push(...membersOf(value));
  }
  return found;
}

function isObjectOrFunction(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function membersOf(value: object): unknown[] {
  const entries = value instanceof Map || value instanceof Set ? [...value].flat() : [];
  return [...entries, ...Reflect.ownKeys(value).map((name) => Reflect.get(value, name) as unknown)];
}
