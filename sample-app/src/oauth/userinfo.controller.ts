// The UserInfo endpoint (OpenID Connect Core section 5.3).
import { Controller, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import { JwtService, OidcTokenError } from 'nestjs-oidc-key';
import { BearerTokenException, readBearerToken } from 'nestjs-oidc-key/resource-server';
import type { Settings } from '../settings.js';
import { TokenRepository } from './token.repository.js';
import { userInfoClaims } from './userinfo-claims.js';

/** The UserInfo endpoint (OpenID Connect Core section 5.3). */
@Controller('userinfo')
export class UserInfoController {
  private readonly issuer: string;

  constructor(
    private readonly jwt: JwtService,
    private readonly tokens: TokenRepository,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  get(@Req() request: Request): Promise<Record<string, unknown>> {
    return this.userInfo(request);
  }

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  post(@Req() request: Request): Promise<Record<string, unknown>> {
    return this.userInfo(request);
  }

  private async userInfo(request: Request): Promise<Record<string, unknown>> {
    const { jti } = await this.verify(readBearerToken(request));
    const token = await this.tokens.findByAccessToken(String(jti));
    if (!token?.user || token.revokedAt !== null || token.accessTokenExpiresAt <= new Date()) {
      throw BearerTokenException.invalidToken();
    }

    const scopes = token.scopes.map((scope) => scope.name);
    if (!scopes.includes('openid')) throw BearerTokenException.insufficientScope('openid');
    return userInfoClaims(token.user, scopes);
  }

  private async verify(accessToken: string): Promise<Record<string, unknown>> {
    try {
      return await this.jwt.verify(accessToken, {
        typ: 'at+jwt',
        issuer: this.issuer,
        requiredClaims: ['exp', 'sub', 'jti'],
      });
    } catch (error) {
      if (error instanceof OidcTokenError) throw BearerTokenException.invalidToken();
      throw error;
    }
  }
}
