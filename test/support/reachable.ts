import { KeyObject } from 'node:crypto';
import { isMap, isSet } from 'node:util/types';

/** Everything that can be reached from these values by members and getters, however they are named or hidden. */
export function reachableFrom(...values: unknown[]): unknown[] {
  const seen = new Set<unknown>();
  const waiting = [...values];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (seen.has(value)) continue;
    seen.add(value);
    if (isObjectOrFunction(value) && !isEnd(value)) waiting.push(...membersOf(value));
  }
  return [...seen];
}

/** Bytes and keys, which are what is looked for. */
function isEnd(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof KeyObject;
}

function isObjectOrFunction(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function membersOf(value: object): unknown[] {
  const entries = isMap(value) || isSet(value) ? [...value].flat() : [];
  return [...entries, ...namesOf(value).flatMap((name) => memberOf(value, name))];
}

function memberOf(value: object, name: string | symbol): unknown[] {
  try {
    return [Reflect.get(value, name)];
  } catch {
    // A getter of Node's or of a function that only works elsewhere.
    return [];
  }
}

function namesOf(value: object): (string | symbol)[] {
  const names = Reflect.ownKeys(value);
  // Nest's container gives out its instances by getters of a class.
  for (
    let prototype = Object.getPrototypeOf(value) as object | null;
    prototype && prototype !== Object.prototype && prototype !== Function.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    for (const name of Reflect.ownKeys(prototype)) {
      if (Object.getOwnPropertyDescriptor(prototype, name)?.get) names.push(name);
    }
  }
  return names;
}
