import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService, KeyInfo } from 'nestjs-oidc-key';
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
  private readonly issuer: string;

  constructor(
    private readonly jwt: JwtService,
    private readonly keyInfo: KeyInfo,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  issue({ clientId, user, accessToken, expiresAt, authTime, nonce }: IdTokenSubject): Promise<string> {
    return this.jwt.sign({
      ...withoutClaimsOfOtherTokens(this.customClaims(user)),
      iss: this.issuer,
      sub: user.id,
      aud: clientId,
      exp: Math.floor(expiresAt.getTime() / 1000),
      iat: Math.floor(Date.now() / 1000),
      auth_time: authTime,
      nonce,
      at_hash: this.hashOf(accessToken),
    });
  }

  /** The place for claims of your own. The ones of the standard are set afterwards and can't be changed here. */
  protected customClaims(user: User): Record<string, unknown> {
    return { preferred_username: user.username };
  }

  // Section 3.1.3.6: the left half of the hash that the ID token's own algorithm uses.
  private hashOf(accessToken: string): string {
    const hash = createHash(hashOfAlgorithm(this.keyInfo.algorithm)).update(accessToken).digest();
    return hash.subarray(0, hash.length / 2).toString('base64url');
  }
}

function withoutClaimsOfOtherTokens(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => !CLAIMS_OF_OTHER_TOKENS.includes(name)),
  );
}

function hashOfAlgorithm(algorithm: string): string {
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return 'sha512';
  return `sha${algorithm.slice(-3)}`;
}
