// Remembers what each user has allowed each client, so that only what is new is asked.
import { Inject, Injectable } from '@nestjs/common';
import { and, eq, isNull } from 'drizzle-orm';
import { DATABASE, type Database } from '../database/database.js';
import { authCodes, clients, consents, tokens } from '../database/schema.js';

export interface Consent {
  clientId: string;
  clientName: string;
  scopes: string[];
  grantedAt: Date;
}

@Injectable()
export class ConsentRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async scopesOf(userId: string, clientId: string): Promise<string[]> {
    const row = await this.database
      .select({ scopes: consents.scopes })
      .from(consents)
      .where(and(eq(consents.userId, userId), eq(consents.clientId, clientId)))
      .get();
    return row?.scopes ?? [];
  }

  listOf(userId: string): Promise<Consent[]> {
    return this.database
      .select({
        clientId: consents.clientId,
        clientName: clients.name,
        scopes: consents.scopes,
        grantedAt: consents.grantedAt,
      })
      .from(consents)
      .innerJoin(clients, eq(clients.id, consents.clientId))
      .where(eq(consents.userId, userId))
      .all();
  }

  /** Adds to what is allowed already. Of two answers at once one may be lost, and is then asked for again. */
  async remember(userId: string, clientId: string, shown: string[]): Promise<void> {
    const scopes = [...new Set([...(await this.scopesOf(userId, clientId)), ...shown])];
    const row = { userId, clientId, scopes, grantedAt: new Date() };
    await this.database
      .insert(consents)
      .values(row)
      .onConflictDoUpdate({ target: [consents.userId, consents.clientId], set: row });
  }

  /** Ends what came of the consent too: codes that are still under way, and tokens. */
  async withdraw(userId: string, clientId: string): Promise<void> {
    const revokedAt = new Date();
    await this.database.transaction(async (transaction) => {
      await transaction
        .delete(consents)
        .where(and(eq(consents.userId, userId), eq(consents.clientId, clientId)));
      for (const table of [authCodes, tokens]) {
        await transaction
          .update(table)
          .set({ revokedAt })
          .where(and(eq(table.userId, userId), eq(table.clientId, clientId), isNull(table.revokedAt)));
      }
    });
  }
}
