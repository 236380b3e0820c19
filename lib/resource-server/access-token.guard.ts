import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';

import { OidcTokenError } from '../core/errors.js';
import { AccessTokenVerifier, isAboutKeys } from './access-token.verifier.js';
import { BearerTokenException } from './bearer-token.js';
import { accessTo } from './declarations.js';
import type { Access } from './declarations.js';
import { isAccessTokenGuard } from './guards.js';
import type { RefusalLog } from './refusal-log.js';
import { missingScopes } from './scopes.js';
import { bearerTokenOf } from './token-location.js';
import { transportOf } from './transports/transport-of.js';
import { keepVerified } from './verified-tokens.js';

/** Injects what every guard of a registration shares: Nest makes one for each module that names it. @internal */
export const GUARD_SETTINGS = Symbol('ACCESS_TOKEN_GUARD_SETTINGS');

/** What that is. The declaration of the guard's constructor names it. */
export interface GuardSettings {
  readonly getToken: ((context: ExecutionContext) => unknown) | undefined;
  readonly log: RefusalLog;
}

/**
 * Lets a call pass that carries a valid access token (RFC 6750, RFC 9068 section 4). Over HTTP others are refused with
 * 400, 401 or 403 and a `WWW-Authenticate` header, and with 503 where the issuer's keys cannot be had; over GraphQL,
 * WebSockets and messages with an error of that transport.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  /** @internal */
  static readonly [isAccessTokenGuard] = true;

  readonly #verifier: AccessTokenVerifier;
  readonly #getToken: (context: ExecutionContext) => unknown;
  readonly #hasOwnPlace: boolean;
  readonly #log: RefusalLog;
  readonly #accessOf = new WeakMap<object, WeakMap<object, Access>>();

  /** @hidden Nest calls it. */
  constructor(
    @Inject(AccessTokenVerifier) verifier: AccessTokenVerifier,
    @Inject(GUARD_SETTINGS) { getToken, log }: GuardSettings,
  ) {
    this.#verifier = verifier;
    this.#log = log;
    this.#hasOwnPlace = getToken !== undefined;
    this.#getToken = getToken ?? bearerTokenOf;
  }

  /** @throws BearerTokenException, or the transport's own exception with what it says. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.#accessTo(context);
    if (access.kind === 'public') return true;
    let token: string | undefined;
    try {
      token = await this.#tokenOf(context);
      if (token === undefined && access.kind === 'optional') {
        keepVerified(context, undefined);
        return true;
      }
      await this.#accept(token, access, context);
      return true;
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      this.#log.refused(context, error, token);
      throw await transportOf(context).refusalOf(refusal, context);
    }
  }

  #accessTo(context: ExecutionContext): Access {
    const [type, handler] = [context.getClass(), context.getHandler()];
    const ofClass = this.#accessOf.get(type) ?? new WeakMap<object, Access>();
    this.#accessOf.set(type, ofClass);
    const known = ofClass.get(handler ?? type);
    if (known) return known;
    const access = accessTo(type, handler);
    ofClass.set(handler ?? type, access);
    return access;
  }

  async #tokenOf(context: ExecutionContext): Promise<string | undefined> {
    const token = (await this.#getToken(context)) ?? undefined;
    if (token !== undefined && (typeof token !== 'string' || token === '')) {
      throw BearerTokenException.invalidToken();
    }
    if (token === undefined && !this.#hasOwnPlace) {
      const transport = transportOf(context);
      if (!transport.tokensOf(context)) this.#log.hasNoPlace(context, transport.whereElse);
    }
    return token;
  }

  async #accept(token: string | undefined, access: Access, context: ExecutionContext): Promise<void> {
    if (token === undefined) throw BearerTokenException.missing(otherCredentialsIn(context));
    const claims = await this.#verifier.verify(token);
    const required = access.kind === 'required' ? access.scopes : [];
    if (missingScopes(claims.scope, required).length > 0) {
      throw BearerTokenException.insufficientScope(...required);
    }
    keepVerified(context, claims);
  }
}

/** Why somebody who sent something is told that a token is required. */
function otherCredentialsIn(context: ExecutionContext): string | undefined {
  if (context.getType() !== 'http') return undefined;
  const { headers } = context.switchToHttp().getRequest<{ headers?: { authorization?: unknown } }>();
  return headers?.authorization === undefined
    ? undefined
    : 'an access token is required; the header "Authorization" is there, and does not begin with "Bearer "';
}

/** What the client is told; undefined for what is no refusal, such as an error of the application's own `getToken`. */
function refusalOf(error: unknown): BearerTokenException | undefined {
  if (error instanceof BearerTokenException) return error;
  if (error instanceof OidcTokenError) return BearerTokenException.invalidToken();
  return isAboutKeys(error) ? BearerTokenException.keysUnavailable() : undefined;
}
