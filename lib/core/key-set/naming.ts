import type { KeyOfSet } from './key-of-set.js';

/** A kid may be any text, and a terminal obeys some of it. */
export function printable(kid: string): string {
  return kid.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** How sentences call a key. */
export function nameOf({ alg, kid }: Pick<KeyOfSet, 'alg' | 'kid'>): string {
  return `${alg} key ${printable(kid)}`;
}
