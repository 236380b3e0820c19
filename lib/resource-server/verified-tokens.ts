import type { ExecutionContext } from '@nestjs/common';

import type { AccessTokenClaims } from './access-token.claims.js';
import { transportOf } from './transports/transport-of.js';

type Verified = WeakMap<object, WeakMap<object, AccessTokenClaims>>;

const name = Symbol.for('nestjs-oidc-key:verified-access-tokens');

// Beside the request and not in it, where a message could bring its own. Shared by all copies of this package.
const verified = ((globalThis as { [name]?: Verified })[name] ??= new WeakMap());

/** Keeps the claims that were verified for a call of a handler. */
export function keepVerified(context: ExecutionContext, claims: AccessTokenClaims): void {
  const carrier = transportOf(context).carrierOf(context);
  if (!carrier) return;
  const ofCarrier = verified.get(carrier) ?? new WeakMap<object, AccessTokenClaims>();
  verified.set(carrier, ofCarrier);
  // Calls of several handlers may share one connection or one operation.
  ofCarrier.set(handlerOf(context), claims);
}

/**
 * The claims of the access token that the guard verified for this call: what `@AccessToken()` hands to a handler, for
 * interceptors and guards. Undefined where none was verified.
 */
export function accessTokenOf(context: ExecutionContext): AccessTokenClaims | undefined {
  const carrier = transportOf(context).carrierOf(context);
  return carrier && verified.get(carrier)?.get(handlerOf(context));
}

function handlerOf(context: ExecutionContext): object {
  return context.getHandler() ?? context.getClass();
}
