import { decodeJwt, decodeProtectedHeader } from 'jose';

import type { Replica } from './replica.js';

/** A token of the application, which lives by the clock of the test. In milliseconds. */
export class SignedToken {
  readonly text: string;
  readonly by: Replica;
  readonly kid: string | undefined;
  readonly alg: string | undefined;
  readonly signedAt: number;
  /** The last instant at which it has to be accepted is before this. */
  readonly expiresAt: number;
  readonly #signedInReality = Date.now();

  /** @param lifetime of a token that does not say when it expires */
  constructor(text: string, by: Replica, { now, lifetime }: { now: number; lifetime: number }) {
    const { kid, alg } = decodeProtectedHeader(text);
    const { exp } = decodeJwt(text);
    this.text = text;
    this.by = by;
    this.kid = kid;
    this.alg = alg;
    this.signedAt = now;
    this.expiresAt = now + (exp === undefined ? lifetime : exp * 1000 - this.#signedInReality);
  }

  /** What the clock shows for this token: it was signed in real time, and is as old as the clock of the test says. */
  dateAt(now: number): Date {
    return new Date(this.#signedInReality + now - this.signedAt);
  }
}
