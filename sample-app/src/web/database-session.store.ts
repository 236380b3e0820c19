// Keeps sessions in the database, so that a restart signs nobody out.
import { callbackify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { and, eq, gt } from 'drizzle-orm';
import { type SessionData, Store } from 'express-session';
import { DATABASE, type Database } from '../database/database.js';
import { sessions } from '../database/schema.js';

type Done = (error?: unknown) => void;

const ignore = (): void => undefined;

/** Keeps sessions in the database, so that a restart signs nobody out. */
@Injectable()
export class DatabaseSessionStore extends Store {
  constructor(@Inject(DATABASE) private readonly database: Database) {
    super();
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    callbackify(() => this.read(id))(done);
  }

  override set(id: string, session: SessionData, done: Done = ignore): void {
    callbackify(() => this.write(id, session))(done);
  }

  override destroy(id: string, done: Done = ignore): void {
    callbackify(() => this.delete(id))(done);
  }

  private async read(id: string): Promise<SessionData | null> {
    const row = await this.database
      .select()
      .from(sessions)
      .where(and(eq(sessions.id, id), gt(sessions.expiresAt, new Date())))
      .get();
    return row?.data ?? null;
  }

  private async write(id: string, data: SessionData): Promise<void> {
    const { expires } = data.cookie;
    if (!expires) throw new Error('A session needs a cookie that expires');
    const row = { id, data, expiresAt: new Date(expires) };
    await this.database.insert(sessions).values(row).onConflictDoUpdate({ target: sessions.id, set: row });
  }

  private async delete(id: string): Promise<void> {
    await this.database.delete(sessions).where(eq(sessions.id, id));
  }
}
