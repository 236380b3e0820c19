import { OAuthException } from '@jmondi/oauth2-server';
import { Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService, KeyInfo } from 'nestjs-oidc-key';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import type { Settings } from '../settings.js';
import type { User } from '../users/user.repository.js';

export interface IdTokenSubject {
  clientId: string;
  user: User;
  accessToken: string;
  expiresAt: Date;
  /** Seconds since the epoch. */
  authTime?: number;
  nonce?: string;
}

// By these claims the authorization server tells an access token, a refresh token and a code apart. In an ID
// token they would make it introspect as active, or pass for one of the others.
const CLAIMS_OF_OTHER_TOKENS = ['jti', 'cid', 'refresh_token_id', 'access_token_id', 'auth_code_id'];

/** Makes ID tokens (OpenID Connect Core section 2). */
@Injectable()
export class IdTokenService {
  private readonly logger = new Logger(IdTokenService.name);
  private readonly issuer: string;

  constructor(
    private readonly jwt: JwtService,
    private readonly keyInfo: KeyInfo,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  async issue({ clientId, user, accessToken, expiresAt, authTime, nonce }: IdTokenSubject): Promise<string> {
    return this.jwt.sign({
      ...withoutClaimsOfOtherTokens(await this.customClaimsOf(user)),
      iss: this.issuer,
      sub: user.id,
      aud: clientId,
      exp: Math.floor(expiresAt.getTime() / 1000),
      iat: Math.floor(Date.now() / 1000),
      auth_time: authTime,
      nonce,
      at_hash: this.keyInfo.tokenHash(accessToken),
    });
  }

  /** The place for claims of your own. The ones of the standard are set afterwards and can't be changed here. */
  protected customClaims(user: User): Record<string, unknown> | Promise<Record<string, unknown>> {
    return { preferred_username: user.username };
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
