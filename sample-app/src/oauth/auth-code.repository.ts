// Keeps authorization codes, and lets each be used once.
import {
  type OAuthAuthCode,
  type OAuthAuthCodeRepository,
  type OAuthClient,
  OAuthException,
  type OAuthScope,
  type OAuthUser,
  generateRandomToken,
} from '@jmondi/oauth2-server';
import { Inject, Injectable } from '@nestjs/common';
import { and, eq, isNull } from 'drizzle-orm';
import { toOAuthClient } from '../clients/client.repository.js';
import { DATABASE, type Database } from '../database/database.js';
import { authCodes, clients, users } from '../database/schema.js';

@Injectable()
export class AuthCodeRepository implements OAuthAuthCodeRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  issueAuthCode(client: OAuthClient, user: OAuthUser | undefined, scopes: OAuthScope[]): OAuthAuthCode {
    // The grant sets the real expiry before it calls persist.
    return { code: generateRandomToken(), client, user, scopes, expiresAt: new Date() };
  }

  async persist(authCode: OAuthAuthCode): Promise<void> {
    if (!authCode.user) throw new Error('An authorization code belongs to a user');
    await this.database.insert(authCodes).values({
      id: authCode.code,
      clientId: authCode.client.id,
      userId: String(authCode.user.id),
      scopes: authCode.scopes.map((scope) => scope.name),
      redirectUri: authCode.redirectUri,
      codeChallenge: authCode.codeChallenge,
      codeChallengeMethod: authCode.codeChallengeMethod,
      expiresAt: authCode.expiresAt,
    });
  }

  async getByIdentifier(code: string): Promise<OAuthAuthCode> {
    const row = await this.database
      .select()
      .from(authCodes)
      .innerJoin(clients, eq(clients.id, authCodes.clientId))
      .innerJoin(users, eq(users.id, authCodes.userId))
      .where(eq(authCodes.id, code))
      .get();
    if (!row) throw OAuthException.invalidGrant();
    return {
      code: row.auth_codes.id,
      client: toOAuthClient(row.clients),
      user: row.users,
      scopes: row.auth_codes.scopes.map((name) => ({ name })),
      redirectUri: row.auth_codes.redirectUri,
      codeChallenge: row.auth_codes.codeChallenge,
      codeChallengeMethod: row.auth_codes.codeChallengeMethod,
      expiresAt: row.auth_codes.expiresAt,
    };
  }

  async isRevoked(code: string): Promise<boolean> {
    const row = await this.database
      .select({ revokedAt: authCodes.revokedAt })
      .from(authCodes)
      .where(eq(authCodes.id, code))
      .get();
    // A code whose row is gone expired long ago, or never was ours.
    return !row || row.revokedAt !== null;
  }

  /**
   * Called when a code is redeemed. Of two requests that bring the same code at the same moment both may have
   * passed `isRevoked`; only one of them finds the row not yet revoked.
   */
  async revoke(code: string): Promise<void> {
    const revoked = await this.database
      .update(authCodes)
      .set({ revokedAt: new Date() })
      .where(and(eq(authCodes.id, code), isNull(authCodes.revokedAt)))
      .returning({ id: authCodes.id });
    if (revoked.length === 0) throw OAuthException.invalidGrant('The authorization code was already used');
  }
}
