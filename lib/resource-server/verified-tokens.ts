import type { ExecutionContext } from '@nestjs/common';

import type { AccessTokenClaims } from './access-token.claims.js';
import { transportOf } from './transports/transport-of.js';

/** What was verified of the calls that an object belongs to, by the next object of the call. */
class Calls {
  claims: AccessTokenClaims | undefined;
  readonly #within = new WeakMap<object, Calls>();

  within(object: object): Calls {
    const known = this.#within.get(object);
    if (known) return known;
    const calls = new Calls();
    this.#within.set(object, calls);
    return calls;
  }
}

const name = Symbol.for('nestjs-oidc-key:verified-access-tokens');

// Beside the request and not in it, where a message could bring its own. Shared by all copies of this package.
const verified = ((globalThis as { [name]?: Calls })[name] ??= new Calls());

/** Keeps the claims that were verified for a call of a handler; undefined where none were. */
export function keepVerified(context: ExecutionContext, claims: AccessTokenClaims | undefined): void {
  const calls = callsOf(context);
  if (calls) calls.claims = claims;
}

/**
 * The claims of the access token that the guard verified for this call: what `@AccessToken()` hands to a handler, for
 * interceptors and guards. Undefined where none was verified.
 */
export function accessTokenOf(context: ExecutionContext): AccessTokenClaims | undefined {
  return callsOf(context)?.claims;
}

function callsOf(context: ExecutionContext): Calls | undefined {
  const call = transportOf(context).callOf(context).filter(isObject);
  if (call.length === 0) return undefined;
  // Calls of several handlers may share one connection or one operation, and classes a handler that they inherit.
  return [...call, context.getClass(), context.getHandler()]
    .filter(isObject)
    .reduce<Calls>((calls, object) => calls.within(object), verified);
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}
