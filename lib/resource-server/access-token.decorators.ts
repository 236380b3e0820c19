import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';

import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';

import { OidcKeyError } from '../core/errors.js';
import type { AccessTokenClaims } from './access-token.claims.js';
import { declares } from './declarations.js';
import { isScope } from './scopes.js';
import { accessTokenOf } from './verified-tokens.js';

/**
 * What the compiler makes of it under Nest 12 names a type that Nest 11 has not.
 *
 * @inline
 */
type AccessTokenDecorator = (...pipes: (PipeTransform | Type<PipeTransform>)[]) => ParameterDecorator;

/**
 * Hands a handler the claims of the access token that the guard verified for this call, and nothing that the caller
 * sent beside it. Undefined where no token was needed and none was verified.
 */
export const AccessToken: AccessTokenDecorator = createParamDecorator(claimsFor);

function claimsFor(_: undefined, context: ExecutionContext): AccessTokenClaims | undefined {
  return accessTokenOf(context);
}

/**
 * Whether a method of a class has a parameter with `@AccessToken()`.
 *
 * @internal
 */
export function takesAccessToken(type: object, method: string | symbol): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as Record<
    string,
    unknown
  >;
  return Object.values(parameters).some((each) => (each as { factory?: unknown }).factory === claimsFor);
}

/**
 * Lets a call pass only where its token was granted every one of these scopes, on a class or a method. Those of both
 * add up, and so do those of several decorators and of classes that are extended. A method that has its own is guarded
 * although its class is `@Public()`.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` for what is no scope (RFC 6749 section 3.3)
 */
export function RequireScopes(...scopes: string[]): MethodDecorator & ClassDecorator {
  if (scopes.length === 0 || !scopes.every(isScope)) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      'RequireScopes takes one scope or more, each a string of its own without spaces and quotes.',
    );
  }
  return declares({ scopes });
}

/**
 * Where the guard is global, or stands on a class: a class or a method that needs no access token. Of class and method
 * the method's declaration counts.
 */
export function Public(): MethodDecorator & ClassDecorator {
  return declares({ isPublic: true });
}

/**
 * A class or a method that may be called without an access token: then `@AccessToken()` is undefined. A token that is
 * sent has to be good, and is refused otherwise.
 */
export function OptionalAccessToken(): MethodDecorator & ClassDecorator {
  return declares({ isOptional: true });
}
