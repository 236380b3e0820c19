// Finds users, and checks their passwords.
import { OAuthException, type OAuthUserIdentifier, type OAuthUserRepository } from '@jmondi/oauth2-server';
import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { DATABASE, type Database } from '../database/database.js';
import { users } from '../database/schema.js';
import { hashSecret, verifySecret } from '../secret-hash.js';

export type User = typeof users.$inferSelect;

@Injectable()
export class UserRepository implements OAuthUserRepository {
  private readonly hashOfNobody = hashSecret('the password of nobody');

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  findById(id: string): Promise<User | undefined> {
    return this.database.select().from(users).where(eq(users.id, id)).get();
  }

  async findByPassword(username: string, password: string): Promise<User | undefined> {
    const user = await this.database.select().from(users).where(eq(users.username, username)).get();
    // An unknown name costs as much time as a wrong password, so that time does not tell who has an account.
    const matches = await verifySecret(user?.passwordHash ?? (await this.hashOfNobody), password);
    return matches ? user : undefined;
  }

  /** Called by the authorization code grant, with the identifier of a user who has already signed in. */
  async getUserByCredentials(identifier: OAuthUserIdentifier): Promise<User> {
    const user = await this.findById(String(identifier));
    // Without an exception the grant would go on and issue a token that belongs to nobody.
    if (!user) throw OAuthException.invalidGrant('The user no longer exists');
    return user;
  }
}
