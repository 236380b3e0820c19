// The settings of the sample, checked before anything starts.
import { z } from 'zod';

// The key's own settings, OIDC_PRIVATE_KEY and the like, belong to nestjs-oidc-key,
// which reads and checks them itself; the passphrase is asked for here where the sample insists on one.

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

// OpenID Connect Discovery section 3, with the one exception that lets a developer do without a certificate.
const issuer = z.url('must be a URL, such as https://login.example.com').superRefine((value, context) => {
  if (!URL.canParse(value)) return;
  const url = new URL(value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    context.addIssue('must start with https:// (http:// is for 127.0.0.1, [::1] and localhost only)');
  }
  if (url.search || url.hash || value.includes('?') || value.includes('#')) {
    context.addIssue('must have no query and no fragment');
  }
  if (url.username || url.password) context.addIssue('must hold no credentials');
  // Relying parties compare the issuer character by character (RFC 8414 section 3.3).
  if (value.endsWith('/')) context.addIssue('must not end with a slash');
});

const seed = z.discriminatedUnion(
  'SAMPLE_SEED',
  [
    z.object({ SAMPLE_SEED: z.literal('false').default('false') }),
    z.object({
      SAMPLE_SEED: z.literal('true'),
      /** The password of the demo user, alice. */
      SAMPLE_USER_PASSWORD: z.string('is required').min(12, 'needs 12 characters or more'),
      /** The secret of the demo's confidential client, demo-web. */
      SAMPLE_CLIENT_SECRET: z.string('is required').min(32, 'needs 32 characters or more'),
    }),
  ],
  'must be true or false',
);

const passphrase = z.object({
  OIDC_PRIVATE_KEY_PASSPHRASE: z.string().optional(),
  OIDC_PRIVATE_KEY_PASSPHRASE_FILE: z.string().optional(),
});

/** Who can read the database, or a backup of it, must not have the keys. */
const requiredPassphrase = passphrase.refine(
  ({ OIDC_PRIVATE_KEY_PASSPHRASE: text, OIDC_PRIVATE_KEY_PASSPHRASE_FILE: file }) =>
    Boolean(text) || Boolean(file),
  {
    path: ['OIDC_PRIVATE_KEY_PASSPHRASE'],
    message: 'is required where the keys are in the database (or OIDC_PRIVATE_KEY_PASSPHRASE_FILE)',
  },
);

const keys = z.discriminatedUnion(
  'KEYS_IN_DATABASE',
  [
    z.object({ KEYS_IN_DATABASE: z.literal('false').default('false') }),
    requiredPassphrase.safeExtend({ KEYS_IN_DATABASE: z.literal('true') }),
  ],
  'must be true or false',
);

const dataFolder = z.object({
  /** The folder of the database; made when missing. */
  DATA_DIR: z.string().min(1).default('sample-app/.data'),
});

const server = dataFolder.extend({
  /** The public URL of this server: the `iss` of each token and the start of each endpoint's URL. */
  ISSUER: issuer,
  PORT: z.coerce.number('must be a number').int().min(1).max(65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** How many proxies stand before this server, each of which adds to X-Forwarded-For: 1 for an https issuer. */
  PROXIES: z.coerce.number('must be a number').int().min(0).optional(),
  /**
   * Wrong passwords of a user, or secrets of a client, from one address within five minutes; ten times as many of the
   * address in all, and of the user from all.
   */
  FAILED_ATTEMPTS: z.coerce.number('must be a number').int().min(1).default(30),
  /** Signs the session cookie. Changing it signs everybody out. */
  SESSION_SECRET: z.string('is required').min(32, 'needs 32 characters or more'),
  /** The `aud` of each access token: the identifier of the API that the tokens are for. */
  API_AUDIENCE: z.string('is required').min(1),
  /** What signs ID tokens (`id_token_signed_response_alg` of every client). Access tokens stay with RS256. */
  ID_TOKEN_ALGORITHM: z.enum(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']).default('RS256'),
  /** Whether a refresh token is a random text instead of a JWT. The ones of the other form end with a change. */
  OPAQUE_REFRESH_TOKENS: z.enum(['true', 'false'], 'must be true or false').default('false'),
});

export const settingsSchema = server.and(seed).and(keys);

/** What is asked of whoever changes the keys in the database, and runs no server. */
export const databaseKeysSchema = dataFolder.and(requiredPassphrase);

export type Settings = z.output<typeof server> & {
  /** Whether the keys are in the database, in place of OIDC_PRIVATE_KEY. */
  KEYS_IN_DATABASE: 'true' | 'false';
  SAMPLE_SEED: 'true' | 'false';
  SAMPLE_USER_PASSWORD?: string;
  SAMPLE_CLIENT_SECRET?: string;
};
