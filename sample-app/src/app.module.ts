// Puts the folders together, and registers the keys.
import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import { OidcKeyModule } from 'nestjs-oidc-key';
import { ApiModule } from './api/api.module.js';
import { AuthorizeModule } from './authorize/authorize.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DATABASE, type Database } from './database/database.js';
import { ErrorFilter } from './http/error.filter.js';
import { OrderlyShutdown } from './http/orderly-shutdown.js';
import { areKeysInDatabase } from './keys/are-keys-in-database.js';
import { DatabaseKeyStore } from './keys/database-key.store.js';
import { KeysModule } from './keys/keys.module.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { SeedService } from './seed/seed.service.js';
import type { Settings } from './settings.js';
import { ThrottlingModule } from './throttling/throttling.module.js';
import { WebModule } from './web/web.module.js';

/** The application, but for ConfigModule, which createApp adds. */
@Module({
  imports: [
    OidcKeyModule.forRootAsync({
      isGlobal: true,
      inject: [ConfigService, DATABASE],
      useFactory: (config: ConfigService<Settings, true>, database: Database) => ({
        // Without a store here the keys come from the settings: OIDC_PRIVATE_KEY, its file, or OIDC_KEY_STORE.
        ...(areKeysInDatabase(config) && { store: new DatabaseKeyStore(database) }),
        // OpenID Connect Core section 15.1: there has to be a key for it, and without one the server does not start.
        algorithm: 'RS256',
        // RFC 9068 section 2.2. Given for each access token, so that no `audience` of a client's choice gets in.
        extraTokenFields: ({ client }) => ({
          iss: config.get('ISSUER', { infer: true }),
          aud: config.get('API_AUDIENCE', { infer: true }),
          client_id: client.id,
        }),
      }),
    }),
    DatabaseModule,
    KeysModule,
    OAuthModule,
    AuthorizeModule,
    ApiModule,
    ThrottlingModule,
    WebModule,
  ],
  providers: [SeedService, OrderlyShutdown, { provide: APP_FILTER, useClass: ErrorFilter }],
})
export class AppModule {}
