// Finds the token that introspection and revocation are about.
import { OAuthException } from '@jmondi/oauth2-server';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService, OidcTokenError } from 'nestjs-oidc-key';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import type { Settings } from '../settings.js';
import { type StoredToken, TokenRepository } from './token.repository.js';

export interface KnownToken {
  kind: 'access_token' | 'refresh_token';
  /** None if the token is opaque. */
  claims: Record<string, unknown>;
  stored: StoredToken;
  expiresAt: Date;
}

const parameters = z.object({ token: z.string().min(1), token_type_hint: z.string().optional() });

/**
 * Finds the token that a client asks to introspect or to revoke. `AuthorizationServer` of 4.3.7 has both
 * operations too, but there a refresh token without the right hint counts as unknown (it introspects as
 * inactive and is not revoked), an opaque one whatever the hint, a revoked one as active, and a client without
 * the client_credentials grant can't revoke its own tokens.
 */
@Injectable()
export class TokenLookup {
  private readonly refreshTokensAreOpaque: boolean;

  constructor(
    private readonly jwt: JwtService,
    private readonly tokens: TokenRepository,
    config: ConfigService<Settings, true>,
  ) {
    this.refreshTokensAreOpaque = config.get('OPAQUE_REFRESH_TOKENS', { infer: true }) === 'true';
  }

  /** The token of an introspection or revocation request; undefined if it is none of ours. */
  async find(body: unknown): Promise<KnownToken | undefined> {
    const { token, token_type_hint } = readParameters(parameters, body);
    // The hint is not needed: the token says what it is. A kind that does not exist here is refused all the same.
    if (token_type_hint !== undefined && !['access_token', 'refresh_token'].includes(token_type_hint)) {
      throw OAuthException.unsupportedTokenType();
    }

    return (await this.findAccessToken(token)) ?? this.findRefreshToken(token);
  }

  private async findAccessToken(token: string): Promise<KnownToken | undefined> {
    const claims = await this.verify(token, 'at+jwt');
    if (typeof claims?.['jti'] !== 'string') return undefined;
    const stored = await this.tokens.findByAccessToken(claims['jti']);
    return stored && { kind: 'access_token', claims, stored, expiresAt: stored.accessTokenExpiresAt };
  }

  private async findRefreshToken(token: string): Promise<KnownToken | undefined> {
    const claims = this.refreshTokensAreOpaque
      ? { refresh_token_id: token }
      : await this.verify(token, 'refresh+jwt');
    if (typeof claims?.['refresh_token_id'] !== 'string') return undefined;
    const stored = await this.tokens.findByRefreshToken(claims['refresh_token_id']);
    const expiresAt = stored?.refreshTokenExpiresAt;
    if (!stored || !expiresAt) return undefined;
    return { kind: 'refresh_token', claims, stored, expiresAt };
  }

  // By its type and not by its claims alone: an ID token with a `jti` would pass for the access token of that
  // `jti`. An expired access token can still be revoked, and its refresh token with it.
  private async verify(token: string, typ: string): Promise<Record<string, unknown> | undefined> {
    try {
      return await this.jwt.verify(token, { typ, ignoreExpiration: true, ignoreNotBefore: true });
    } catch (error) {
      if (error instanceof OidcTokenError) return undefined;
      throw error;
    }
  }
}
