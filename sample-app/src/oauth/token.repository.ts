// Keeps tokens by their identifiers, and ends them.
import { createHash } from 'node:crypto';
import {
  DateInterval,
  type OAuthClient,
  OAuthException,
  type OAuthScope,
  type OAuthToken,
  type OAuthTokenRepository,
  type OAuthUser,
  generateRandomToken,
} from '@jmondi/oauth2-server';
import { Inject, Injectable } from '@nestjs/common';
import { type SQL, and, eq, isNull } from 'drizzle-orm';
import { toOAuthClient } from '../clients/client.repository.js';
import { DATABASE, type Database } from '../database/database.js';
import { clients, tokens, users } from '../database/schema.js';
import type { User } from '../users/user.repository.js';

export interface StoredToken extends OAuthToken {
  user: User | null;
  revokedAt: Date | null;
}

// Counted anew at each rotation: whoever stays away for as long has to sign in again.
const REFRESH_TOKEN_LIFETIME = new DateInterval('14d');

@Injectable()
export class TokenRepository implements OAuthTokenRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async issueToken(client: OAuthClient, scopes: OAuthScope[], user?: OAuthUser | null): Promise<OAuthToken> {
    // The grant sets the real expiry before it calls persist.
    return { accessToken: generateRandomToken(), accessTokenExpiresAt: new Date(), client, scopes, user };
  }

  async persist(token: OAuthToken): Promise<void> {
    await this.database.insert(tokens).values({
      accessTokenId: token.accessToken,
      accessTokenExpiresAt: token.accessTokenExpiresAt,
      clientId: token.client.id,
      userId: token.user ? String(token.user.id) : null,
      scopes: token.scopes.map((scope) => scope.name),
      originatingAuthCodeId: token.originatingAuthCodeId,
    });
  }

  async issueRefreshToken(token: OAuthToken, client: OAuthClient): Promise<OAuthToken> {
    // The authorization code grant asks for every client, also for one that may not use what it gets.
    if (!client.allowedGrants.includes('refresh_token')) return token;

    const refreshToken = generateRandomToken();
    const refreshTokenExpiresAt = REFRESH_TOKEN_LIFETIME.getEndDate();
    await this.database
      .update(tokens)
      .set({ refreshTokenId: hashOf(refreshToken), refreshTokenExpiresAt })
      .where(eq(tokens.accessTokenId, token.accessToken));
    return { ...token, refreshToken, refreshTokenExpiresAt };
  }

  /**
   * Called by the refresh token grant to spend the old refresh token. Of two requests that bring the same one
   * at the same moment, only one finds the row not yet revoked.
   */
  async revoke(token: OAuthToken): Promise<void> {
    const revoked = await this.revokeWhere(eq(tokens.accessTokenId, token.accessToken));
    if (revoked === 0) throw OAuthException.invalidGrant('The refresh token was already used');
  }

  /** Ends an access token and its refresh token; no matter if they have ended before. */
  async end(token: OAuthToken): Promise<void> {
    await this.revokeWhere(eq(tokens.accessTokenId, token.accessToken));
  }

  async revokeDescendantsOf(authCodeId: string): Promise<void> {
    await this.revokeWhere(eq(tokens.originatingAuthCodeId, authCodeId));
  }

  async isRefreshTokenRevoked(token: StoredToken): Promise<boolean> {
    if (token.revokedAt === null) return false;
    // A spent refresh token that comes back was stolen, or its successor was; nobody can tell which. So the
    // whole family ends, and the user has to sign in again (RFC 9700 section 4.14.2).
    if (token.originatingAuthCodeId) await this.revokeDescendantsOf(token.originatingAuthCodeId);
    return true;
  }

  async getByRefreshToken(refreshTokenId: string): Promise<StoredToken> {
    const token = await this.findByRefreshToken(refreshTokenId);
    if (!token) throw OAuthException.invalidGrant();
    return token;
  }

  findByRefreshToken(refreshTokenId: string): Promise<StoredToken | undefined> {
    return this.find(eq(tokens.refreshTokenId, hashOf(refreshTokenId)));
  }

  findByAccessToken(accessTokenId: string): Promise<StoredToken | undefined> {
    return this.find(eq(tokens.accessTokenId, accessTokenId));
  }

  private async find(condition: SQL): Promise<StoredToken | undefined> {
    const row = await this.database
      .select()
      .from(tokens)
      .innerJoin(clients, eq(clients.id, tokens.clientId))
      .leftJoin(users, eq(users.id, tokens.userId))
      .where(condition)
      .get();
    // The token of a user who is gone would be refreshed as one that a client got for itself.
    if (!row || (row.tokens.userId !== null && !row.users)) return undefined;
    return {
      accessToken: row.tokens.accessTokenId,
      accessTokenExpiresAt: row.tokens.accessTokenExpiresAt,
      refreshToken: row.tokens.refreshTokenId,
      refreshTokenExpiresAt: row.tokens.refreshTokenExpiresAt,
      client: toOAuthClient(row.clients),
      user: row.users,
      scopes: row.tokens.scopes.map((name) => ({ name })),
      originatingAuthCodeId: row.tokens.originatingAuthCodeId ?? undefined,
      revokedAt: row.tokens.revokedAt,
    };
  }

  private async revokeWhere(condition: SQL): Promise<number> {
    const revoked = await this.database
      .update(tokens)
      .set({ revokedAt: new Date() })
      .where(and(condition, isNull(tokens.revokedAt)))
      .returning({ id: tokens.accessTokenId });
    return revoked.length;
  }
}

// An opaque refresh token is nothing but its identifier, and whoever reads the table must not be able to use it.
// Nothing slower than this is needed for a text that is as random as a key.
function hashOf(refreshTokenId: string): string {
  return createHash('sha256').update(refreshTokenId).digest('base64url');
}
