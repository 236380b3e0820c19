// Makes ID tokens, and reads those that come back as a hint.
import { OAuthException } from '@jmondi/oauth2-server';
import { Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService, KeyInfo, OidcTokenError } from 'nestjs-oidc-key';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import type { Settings } from '../settings.js';
import type { User } from '../users/user.repository.js';
import { namedClaims } from './userinfo-claims.js';

export interface IdTokenSubject {
  clientId: string;
  scopes: readonly string[];
  user: User;
  accessToken: string;
  expiresAt: Date;
  /** Seconds since the epoch. */
  authTime?: number;
  nonce?: string;
  sid?: string;
}

export interface IdTokenHint {
  sub: string;
  aud: string;
  sid: string | undefined;
}

/** What a sign-in here is, and the only one there is: by a password (OASIS SAML 2.0 Authentication Context, 3.4.8). */
export const ACR = 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password';

// By these claims the authorization server tells an access token, a refresh token and a code apart. In an ID
// token they would make it introspect as active, or pass for one of the others.
const CLAIMS_OF_OTHER_TOKENS = ['jti', 'cid', 'refresh_token_id', 'access_token_id', 'auth_code_id'];

/** Makes ID tokens (OpenID Connect Core section 2). */
@Injectable()
export class IdTokenService {
  private readonly logger = new Logger(IdTokenService.name);
  private readonly issuer: string;
  private readonly algorithm: Settings['ID_TOKEN_ALGORITHM'];

  constructor(
    private readonly jwt: JwtService,
    private readonly keyInfo: KeyInfo,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
    this.algorithm = config.get('ID_TOKEN_ALGORITHM', { infer: true });
    try {
      // Throws where there is no key for it: better now than at the first login.
      keyInfo.tokenHash('', this.algorithm);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`ID_TOKEN_ALGORITHM is ${this.algorithm}, and no key signs with it. ${why}`, {
        cause: error,
      });
    }
  }

  async issue(subject: IdTokenSubject): Promise<string> {
    const { clientId, scopes, user, accessToken, expiresAt, authTime, nonce, sid } = subject;
    const claims = {
      ...namedClaims(user, scopes, 'id_token'),
      ...withoutClaimsOfOtherTokens(await this.customClaimsOf(user)),
      iss: this.issuer,
      sub: user.id,
      aud: clientId,
      exp: Math.floor(expiresAt.getTime() / 1000),
      iat: Math.floor(Date.now() / 1000),
      auth_time: authTime,
      nonce,
      acr: ACR,
      // RFC 8176.
      amr: ['pwd'],
      sid,
      at_hash: this.keyInfo.tokenHash(accessToken, this.algorithm),
    };
    return this.jwt.sign(claims, { algorithm: this.algorithm });
  }

  /**
   * An ID token of ours that says who is meant. It may have expired, and its key may have been replaced since;
   * undefined if it is none, or was made for another client.
   */
  async readHint(idToken: string, clientId?: string): Promise<IdTokenHint | undefined> {
    try {
      const claims = await this.jwt.verify(idToken, {
        typ: 'JWT',
        issuer: this.issuer,
        ...(clientId !== undefined && { audience: clientId }),
        requiredClaims: ['sub', 'aud', 'iat', 'exp', 'auth_time'],
        ignoreExpiration: true,
      });
      const { sub, aud, sid } = claims;
      if (typeof sub !== 'string' || typeof aud !== 'string') return undefined;
      if (CLAIMS_OF_OTHER_TOKENS.some((name) => name in claims)) return undefined;
      return { sub, aud, sid: typeof sid === 'string' ? sid : undefined };
    } catch (error) {
      if (error instanceof OidcTokenError) return undefined;
      throw error;
    }
  }

  /** The place for claims of your own. The ones of the standard are set afterwards and can't be changed here. */
  protected customClaims(_user: User): Record<string, unknown> | Promise<Record<string, unknown>> {
    return {};
  }

  // By now the code is spent. The client is told to ask for another one, and nothing of what went wrong.
  private async customClaimsOf(user: User): Promise<Record<string, unknown>> {
    try {
      return await this.customClaims(user);
    } catch (error) {
      this.logger.error(withoutQueryParameters(error));
      throw OAuthException.invalidGrant('The claims of the ID token are not available');
    }
  }
}

function withoutClaimsOfOtherTokens(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => !CLAIMS_OF_OTHER_TOKENS.includes(name)),
  );
}
