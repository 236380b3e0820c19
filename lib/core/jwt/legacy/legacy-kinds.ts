import type { Claims } from '../jwt-claims.js';

/**
 * The kinds of token that `@jmondi/oauth2-server` 4.3.7 signs, as RFC 6749 calls them. It says in no header which kind a
 * token is.
 */
export type LegacyTokenKind = 'authorization_code' | 'refresh_token' | 'access_token';

interface Kind {
  /** The claims that are there in tokens of this kind, each a string, and in tokens of no other kind. */
  readonly marks: readonly string[];
  /** What the header says of such a token since this module writes it. */
  readonly typ: string;
}

export const legacyKinds: Readonly<Record<LegacyTokenKind, Kind>> = {
  authorization_code: { marks: ['auth_code_id'], typ: 'code+jwt' },
  refresh_token: { marks: ['refresh_token_id', 'access_token_id'], typ: 'refresh+jwt' },
  access_token: { marks: ['jti', 'cid'], typ: 'at+jwt' },
};

const names = Object.keys(legacyKinds) as LegacyTokenKind[];

/** What only an ID token has. */
const marksOfIdToken = ['nonce', 'at_hash'];

/** The one kind that the claims speak of; undefined where they speak of none, or of several at once. */
export function legacyKindOf(claims: Claims): LegacyTokenKind | undefined {
  const has = (claim: string) => Object.hasOwn(claims, claim);
  const [kind, ...others] = names.filter((name) => legacyKinds[name].marks.some(has));
  if (kind === undefined || others.length > 0) return undefined;
  // A server may have carried a nonce in its codes.
  if (kind === 'access_token' && marksOfIdToken.some(has)) return undefined;
  return legacyKinds[kind].marks.every((claim) => typeof claims[claim] === 'string') ? kind : undefined;
}
