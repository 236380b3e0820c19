import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request } from 'express';
import { type JWTPayload, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { BearerTokenError, readBearerToken } from '../http/bearer-token.js';
import type { Settings } from '../settings.js';

export interface AuthorizedRequest extends Request {
  accessToken: JWTPayload;
}

/**
 * Verifies access tokens as any other server would (RFC 9068 section 4): it knows the issuer's address and its
 * own name, and gets the keys over HTTP. The signature alone proves little, because ID tokens, refresh tokens
 * and codes are signed with the same key; `typ`, `iss` and `aud` tell them apart.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  private readonly issuer: string;
  private readonly audience: string;
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(config: ConfigService<Settings, true>) {
    this.issuer = config.get('ISSUER', { infer: true });
    this.audience = config.get('API_AUDIENCE', { infer: true });
    this.keys = createRemoteJWKSet(new URL(`${this.issuer}/.well-known/jwks.json`));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthorizedRequest>();
    request.accessToken = await this.verify(readBearerToken(request));
    return true;
  }

  private async verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        typ: 'at+jwt',
        issuer: this.issuer,
        audience: this.audience,
        requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
      });
      return payload;
    } catch (error) {
      throw isAboutTheToken(error) ? BearerTokenError.invalidToken() : error;
    }
  }
}

// When the issuer can't be reached, its keys can't be had, and nothing is known about the token.
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}
