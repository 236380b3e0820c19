import type { KeySetJwk } from './key-set-document.js';

/** What a reader looks for first stands first; what is long stands last, and the private half behind all of it. */
const first = ['kid', 'kty', 'crv', 'use', 'key_ops', 'alg', 'iat', 'nbf', 'exp', 'revoked', 'signer'];
const last = ['e', 'n', 'x', 'y', 'd', 'p', 'q', 'dp', 'dq', 'qi'];

/** The same members in one order, so that two writers of one key set write the same text. */
export function canonicalJwk(jwk: KeySetJwk): KeySetJwk {
  const others = Object.keys(jwk)
    .filter((name) => !first.includes(name) && !last.includes(name))
    .toSorted();
  const members: Readonly<Record<string, unknown>> = { ...jwk };
  const names = [...first, ...others, ...last].filter((name) => members[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, members[name]])) as unknown as KeySetJwk;
}

export function canonicalMembers(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = Object.keys(members).filter((name) => members[name] !== undefined);
  return Object.fromEntries(names.toSorted().map((name) => [name, members[name]]));
}
