// Finds clients, in the form that the authorization server wants, and checks their secrets.
import {
  type GrantIdentifier,
  type OAuthClient,
  type OAuthClientRepository,
  OAuthException,
} from '@jmondi/oauth2-server';
import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { DATABASE, type Database } from '../database/database.js';
import { clients } from '../database/schema.js';
import { verifySecret } from '../secret-hash.js';

/** The client as the authorization server wants it. Its `secret` is the hash: there is nothing else to know. */
export interface RegisteredClient extends OAuthClient {
  isPkceRequired: boolean;
  postLogoutRedirectUris: string[];
}

export function toOAuthClient(row: typeof clients.$inferSelect): RegisteredClient {
  return {
    id: row.id,
    name: row.name,
    secret: row.secretHash,
    redirectUris: row.redirectUris,
    allowedGrants: row.allowedGrants,
    scopes: row.scopes.map((name) => ({ name })),
    // Of a public client always (RFC 9700 section 2.1.1), whatever its row says: nothing else ties a code to it.
    isPkceRequired: row.isPkceRequired || !row.secretHash,
    postLogoutRedirectUris: row.postLogoutRedirectUris,
  };
}

@Injectable()
export class ClientRepository implements OAuthClientRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async find(clientId: string): Promise<RegisteredClient | undefined> {
    const row = await this.database.select().from(clients).where(eq(clients.id, clientId)).get();
    return row && toOAuthClient(row);
  }

  async getByIdentifier(clientId: string): Promise<RegisteredClient> {
    const client = await this.find(clientId);
    if (!client) throw OAuthException.invalidClient();
    return client;
  }

  async isClientValid(
    grantType: GrantIdentifier,
    client: OAuthClient,
    clientSecret?: string,
  ): Promise<boolean> {
    if (!(await this.secretMatches(client, clientSecret))) return false;
    if (!client.allowedGrants.includes(grantType)) throw OAuthException.unauthorizedClient();
    return true;
  }

  async secretMatches(client: OAuthClient, clientSecret?: string): Promise<boolean> {
    if (!client.secret) return clientSecret === undefined;
    return clientSecret !== undefined && verifySecret(client.secret, clientSecret);
  }
}
