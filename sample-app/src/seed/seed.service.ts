// Puts a user and clients into the database, for a demonstration.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { DATABASE, type Database } from '../database/database.js';
import { clients, users } from '../database/schema.js';
import { hashSecret } from '../secret-hash.js';
import type { Settings } from '../settings.js';

// Loopback, where any port will do (RFC 8252 section 7.3).
const REDIRECT_URI = 'http://127.0.0.1/callback';
// Where sample-app/spa is served. Of an origin the port counts.
const SPA_ORIGIN = 'http://127.0.0.1:8080';

const POST_LOGOUT_REDIRECT_URI = 'http://127.0.0.1:8080/signed-out';

// Every claim of the scopes profile, address and phone, so that a client can be tried with each.
const ALICE = {
  given_name: 'Alice',
  family_name: 'Adams',
  middle_name: 'Beatrice',
  nickname: 'Al',
  profile: 'https://example.com/alice',
  picture: 'https://example.com/alice.jpg',
  website: 'https://alice.example.com',
  gender: 'female',
  birthdate: '1990-01-31',
  zoneinfo: 'Europe/Berlin',
  locale: 'en-GB',
  updated_at: 1_750_000_000,
  phone_number: '+441632960000',
  phone_number_verified: true,
  address: { street_address: '1 Example Street', locality: 'London', postal_code: 'N1 1AA', country: 'GB' },
};

/** Fills the database for a demonstration, if SAMPLE_SEED asks for it. What is there already stays. */
@Injectable()
export class SeedService implements OnApplicationBootstrap {
  private readonly logger = new Logger(SeedService.name);

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly config: ConfigService<Settings, true>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const password = this.config.get('SAMPLE_USER_PASSWORD', { infer: true });
    const clientSecret = this.config.get('SAMPLE_CLIENT_SECRET', { infer: true });
    if (this.config.get('SAMPLE_SEED', { infer: true }) !== 'true' || !password || !clientSecret) return;

    await this.database
      .insert(users)
      .values({
        id: randomUUID(),
        username: 'alice',
        passwordHash: await hashSecret(password),
        name: 'Alice Adams',
        email: 'alice@example.com',
        emailVerified: true,
        profile: ALICE,
      })
      .onConflictDoNothing();

    await this.database
      .insert(clients)
      .values([
        {
          id: 'demo-web',
          name: 'Demo web application',
          secretHash: await hashSecret(clientSecret),
          redirectUris: [REDIRECT_URI],
          allowedGrants: ['authorization_code', 'refresh_token', 'client_credentials'],
          scopes: ['openid', 'profile', 'email', 'address', 'phone', 'api'],
          postLogoutRedirectUris: [POST_LOGOUT_REDIRECT_URI],
        },
        {
          id: 'demo-native',
          name: 'Demo native application',
          secretHash: null,
          redirectUris: [REDIRECT_URI],
          allowedGrants: ['authorization_code', 'refresh_token'],
          scopes: ['openid', 'profile', 'email', 'address', 'phone', 'api'],
          postLogoutRedirectUris: [POST_LOGOUT_REDIRECT_URI],
        },
        {
          id: 'demo-spa',
          name: 'Demo single-page application',
          secretHash: null,
          redirectUris: [`${SPA_ORIGIN}/`],
          postLogoutRedirectUris: [`${SPA_ORIGIN}/`],
          allowedOrigins: [SPA_ORIGIN],
          allowedGrants: ['authorization_code', 'refresh_token'],
          scopes: ['openid', 'profile', 'email', 'api'],
        },
      ])
      .onConflictDoNothing();
    this.logger.log('The demonstration has its user and clients');
  }
}
