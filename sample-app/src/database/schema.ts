// The tables.
import type { CodeChallengeMethod, GrantIdentifier } from '@jmondi/oauth2-server';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { SessionData } from 'express-session';
import type { CheckedParameters } from '../authorize/authorization-parameters.js';

// A change here needs a new file in the folder `drizzle`; the ones that are there have already run somewhere.

const timestamp = (name: string) => integer(name, { mode: 'timestamp_ms' });
const json = <Content>(name: string) => text(name, { mode: 'json' }).$type<Content>();

export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    username: text('username').notNull(),
    passwordHash: text('password_hash').notNull(),
    name: text('name').notNull(),
    email: text('email').notNull(),
    emailVerified: integer('email_verified', { mode: 'boolean' }).notNull(),
    // Further claims of the scope profile, by their names (OpenID Connect Core section 5.1).
    profile: json<Record<string, unknown>>('profile').notNull().default({}),
  },
  (table) => [uniqueIndex('users_username').on(table.username)],
);

export const clients = sqliteTable('clients', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  // Null for a public client, which can't keep a secret (RFC 6749 section 2.1).
  secretHash: text('secret_hash'),
  redirectUris: json<string[]>('redirect_uris').notNull(),
  allowedGrants: json<GrantIdentifier[]>('allowed_grants').notNull(),
  scopes: json<string[]>('scopes').notNull(),
  // A confidential client may do without (RFC 9700 section 2.1.1), a public one may not. In its place that section
  // has the nonce, which only the client can check, and which the code flow leaves to it (OpenID Connect Core
  // 3.1.2.1): so none is asked for here. Set it to false for a client that sends and checks a nonce.
  isPkceRequired: integer('is_pkce_required', { mode: 'boolean' }).notNull().default(true),
  postLogoutRedirectUris: json<string[]>('post_logout_redirect_uris').notNull().default([]),
  // The origins whose pages may call the endpoints for clients (CORS).
  allowedOrigins: json<string[]>('allowed_origins').notNull().default([]),
});

const clientId = () =>
  text('client_id')
    .notNull()
    .references(() => clients.id, { onDelete: 'cascade' });

export const authCodes = sqliteTable('auth_codes', {
  id: text('id').primaryKey(),
  clientId: clientId(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  scopes: json<string[]>('scopes').notNull(),
  redirectUri: text('redirect_uri'),
  codeChallenge: text('code_challenge'),
  codeChallengeMethod: text('code_challenge_method').$type<CodeChallengeMethod>(),
  expiresAt: timestamp('expires_at').notNull(),
  revokedAt: timestamp('revoked_at'),
});

// One row is one grant of an access token and, if there is one, of the refresh token handed out with it.
// Only identifiers are stored, and of the refresh token its hash: whoever reads this table can't make a token from
// it without the signing key.
export const tokens = sqliteTable(
  'tokens',
  {
    accessTokenId: text('access_token_id').primaryKey(),
    accessTokenExpiresAt: timestamp('access_token_expires_at').notNull(),
    refreshTokenId: text('refresh_token_id'),
    refreshTokenExpiresAt: timestamp('refresh_token_expires_at'),
    clientId: clientId(),
    // Null when a client acts for itself (client_credentials).
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    scopes: json<string[]>('scopes').notNull(),
    originatingAuthCodeId: text('originating_auth_code_id'),
    revokedAt: timestamp('revoked_at'),
  },
  (table) => [
    uniqueIndex('tokens_refresh_token_id').on(table.refreshTokenId),
    index('tokens_originating_auth_code_id').on(table.originatingAuthCodeId),
  ],
);

export const sessions = sqliteTable('sessions', {
  id: text('id').primaryKey(),
  data: json<SessionData>('data').notNull(),
  expiresAt: timestamp('expires_at').notNull(),
});

// A table of its own rather than a member of the session: two tabs would overwrite each other's session.
export const pendingRequests = sqliteTable(
  'pending_requests',
  {
    id: text('id').primaryKey(),
    sessionId: text('session_id').notNull(),
    parameters: json<CheckedParameters>('parameters').notNull(),
    createdAt: timestamp('created_at').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
  },
  (table) => [index('pending_requests_session_id').on(table.sessionId)],
);

// What a user has allowed a client, so that it is not asked again.
export const consents = sqliteTable(
  'consents',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    clientId: clientId(),
    scopes: json<string[]>('scopes').notNull(),
    grantedAt: timestamp('granted_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.clientId] })],
);

/** One row, which `keys/database-key.store.ts` reads and writes: the key set, encrypted. */
export const keySet = sqliteTable('key_set', {
  id: integer('id').primaryKey(),
  text: text('text').notNull(),
  version: text('version').notNull(),
});
