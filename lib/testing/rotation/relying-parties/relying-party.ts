import type { JSONWebKeySet } from 'jose';

import type { SignedToken } from '../signed-token.js';

/** A JWKS in a cache; instants by the clock of the test, in milliseconds. */
export interface HeldJwks {
  readonly jwks: JSONWebKeySet;
  readonly fetchedAt: number;
  /** When it is fetched anew, whatever happens. */
  readonly keptUntil: number;
}

/** Who fetches the JWKS and verifies. */
export interface RelyingParty {
  /** How messages call it: what it keeps, and when it asks again. */
  readonly name: string;
  /** What it holds, where it holds a whole JWKS. */
  readonly held: HeldJwks | undefined;
  /** Rejects where it would refuse the token. */
  verify(token: SignedToken, now: number): Promise<void>;
}
