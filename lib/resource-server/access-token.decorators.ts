import { createParamDecorator, SetMetadata } from '@nestjs/common';
import type { CustomDecorator, ExecutionContext, PipeTransform, Type } from '@nestjs/common';

import { OidcKeyError } from '../core/errors.js';
import type { AccessTokenClaims } from './access-token.claims.js';

/** A request that the guard let pass. */
export interface AuthorizedRequest {
  accessToken?: AccessTokenClaims;
}

/**
 * What the compiler makes of it under Nest 12 names a type that Nest 11 has not.
 *
 * @inline
 */
type AccessTokenDecorator = (...pipes: (PipeTransform | Type<PipeTransform>)[]) => ParameterDecorator;

/** Hands a handler the claims of the access token that the guard verified; undefined on a route that is public. */
export const AccessToken: AccessTokenDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext) =>
    context.switchToHttp().getRequest<AuthorizedRequest>().accessToken,
);

/** @internal */
export const REQUIRED_SCOPES = Symbol('REQUIRED_SCOPES');
/** @internal */
export const IS_PUBLIC = Symbol('IS_PUBLIC');

/**
 * Lets a request pass only where its token was granted every one of these scopes, on a controller or a handler; those of
 * both add up.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` for what is no scope (RFC 6749 section 3.3)
 */
export function RequireScopes(...scopes: string[]): CustomDecorator<symbol> {
  if (scopes.length === 0 || !scopes.every((scope) => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope))) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      'RequireScopes takes one scope or more, each a string of its own without spaces and quotes.',
    );
  }
  return SetMetadata(REQUIRED_SCOPES, scopes);
}

/** Where the guard is global: a controller or a handler that needs no access token. */
export function Public(): CustomDecorator<symbol> {
  return SetMetadata(IS_PUBLIC, true);
}
