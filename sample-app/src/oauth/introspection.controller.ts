// Tells clients whether a token is good (RFC 7662).
import { Controller, Header, HttpCode, Post, Req, UseInterceptors } from '@nestjs/common';
import type { Request } from 'express';
import { ClientAuthentication } from '../clients/client-authentication.js';
import { type KnownToken, TokenLookup } from './token-lookup.js';
import { FailedAttempts } from '../throttling/failed-attempts.js';

/** The introspection endpoint (RFC 7662). */
@Controller('introspect')
export class IntrospectionController {
  constructor(
    private readonly clientAuthentication: ClientAuthentication,
    private readonly tokenLookup: TokenLookup,
  ) {}

  @Post()
  @UseInterceptors(FailedAttempts)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async introspect(@Req() request: Request): Promise<Record<string, unknown>> {
    await this.clientAuthentication.authenticateConfidential(request);
    const token = await this.tokenLookup.find(request.body);
    return token && isActive(token) ? describe(token) : { active: false };
  }
}

function isActive({ stored, expiresAt }: KnownToken): boolean {
  return stored.revokedAt === null && expiresAt > new Date();
}

// What the server knows now wins over what the token says of itself.
function describe({ kind, claims, stored, expiresAt }: KnownToken): Record<string, unknown> {
  const { iss, aud, iat, nbf, jti } = claims;
  return {
    active: true,
    scope: stored.scopes.map((scope) => scope.name).join(' '),
    client_id: stored.client.id,
    username: stored.user?.username,
    sub: stored.user?.id,
    exp: Math.floor(expiresAt.getTime() / 1000),
    iat,
    ...(kind === 'access_token' && { token_type: 'Bearer', iss, aud, nbf, jti }),
  };
}
