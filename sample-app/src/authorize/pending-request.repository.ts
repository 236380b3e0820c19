// Keeps authorization requests while the user signs in and decides.
import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { and, eq, gt } from 'drizzle-orm';
import { DATABASE, type Database } from '../database/database.js';
import { pendingRequests } from '../database/schema.js';
import type { CheckedParameters } from './authorization-parameters.js';

export type PendingRequest = typeof pendingRequests.$inferSelect;

const LIFETIME = 30 * 60 * 1000;

/**
 * Authorization requests that wait for the user to sign in or to decide. Each has an identifier of its own, so
 * that several tabs don't mix, and belongs to the session that started it, so that nobody can be sent into
 * somebody else's.
 */
@Injectable()
export class PendingRequestRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async create(sessionId: string, parameters: CheckedParameters): Promise<PendingRequest> {
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + LIFETIME);
    const id = randomBytes(16).toString('base64url');
    const request = { id, sessionId, parameters, createdAt, expiresAt };
    await this.database.insert(pendingRequests).values(request);
    return request;
  }

  find(id: string, sessionId: string): Promise<PendingRequest | undefined> {
    return this.database.select().from(pendingRequests).where(isOpen(id, sessionId)).get();
  }

  /** Finds and removes in one step, so that a form that is sent twice is answered once. */
  async take(id: string, sessionId: string): Promise<PendingRequest | undefined> {
    const taken = await this.database.delete(pendingRequests).where(isOpen(id, sessionId)).returning();
    return taken[0];
  }

  /** A session gets a new identifier at sign-in; the requests of its other tabs go with it. */
  async moveToSession(oldSessionId: string, newSessionId: string): Promise<void> {
    await this.database
      .update(pendingRequests)
      .set({ sessionId: newSessionId })
      .where(eq(pendingRequests.sessionId, oldSessionId));
  }
}

function isOpen(id: string, sessionId: string) {
  return and(
    eq(pendingRequests.id, id),
    eq(pendingRequests.sessionId, sessionId),
    gt(pendingRequests.expiresAt, new Date()),
  );
}
