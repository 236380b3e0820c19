import { KeyObject } from 'node:crypto';

import { reachableFrom } from './reachable.js';

/** Every KeyObject that can be reached from these values by own members, however these are named or hidden. */
export function keyObjectsWithin(...values: unknown[]): KeyObject[] {
  return reachableFrom(...values).filter((value) => value instanceof KeyObject);
}
