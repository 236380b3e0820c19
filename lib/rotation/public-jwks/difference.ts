import type { PublicJwk } from '../../core/key/public-jwk.js';
import { isObject } from '../../core/objects.js';

/** How the JWKS at the public address differs from that of this process. */
export interface Difference {
  /** Kids of keys that this process publishes, and that are not there, or are other keys there. */
  readonly missing: readonly string[];
  /** Kids of keys that are there, and that this process does not publish. */
  readonly others: readonly string[];
}

/** Undefined where the text is no JWK Set (RFC 7517 section 5). */
export function differenceOf(text: string, own: readonly Readonly<PublicJwk>[]): Difference | undefined {
  const published = keysIn(text);
  if (!published) return undefined;
  const kids = new Set(own.map(({ kid }) => kid));
  const others = published.flatMap(({ kid }) =>
    typeof kid === 'string' && !kids.has(kid) ? [kid.slice(0, longestKid)] : [],
  );
  return {
    missing: own.filter((jwk) => !published.some((each) => isSame(each, jwk))).map(({ kid }) => kid),
    others: [...new Set(others)].slice(0, mostOthers),
  };
}

// What is at the address may be anything.
const mostOthers = 100;
const longestKid = 200;

function keysIn(text: string): Record<string, unknown>[] | undefined {
  const document = parsed(text);
  if (!isObject(document)) return undefined;
  const { keys } = document as { keys?: unknown };
  return Array.isArray(keys) ? keys.filter((each) => isObject(each)) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JWK Set, as whoever asks is told.
    return undefined;
  }
}

const members = ['kid', 'kty', 'n', 'e', 'crv', 'x', 'y'] as const;

function isSame(other: Record<string, unknown>, own: Readonly<Record<string, unknown>>): boolean {
  return members.every((member) => other[member] === own[member]);
}
