import { z } from 'zod';

// Settings of the sample. The key's own settings, OIDC_PRIVATE_KEY and the like, belong to nestjs-oidc-key,
// which reads and checks them itself.

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

const server = z.object({
  /** The public URL of this server: the `iss` of each token and the start of each endpoint's URL. */
  ISSUER: issuer,
  PORT: z.coerce.number('must be a number').int().min(1).max(65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** The folder of the database; made when missing. */
  DATA_DIR: z.string().min(1).default('sample-app/.data'),
  /** Signs the session cookie. Changing it signs everybody out. */
  SESSION_SECRET: z.string('is required').min(32, 'needs 32 characters or more'),
  /** The `aud` of each access token: the identifier of the API that the tokens are for. */
  API_AUDIENCE: z.string('is required').min(1),
  /** Whether a refresh token is a random text instead of a JWT. The ones of the other form end with a change. */
  OPAQUE_REFRESH_TOKENS: z.enum(['true', 'false'], 'must be true or false').default('false'),
});

export const settingsSchema = server.and(seed);

export type Settings = z.output<typeof server> & {
  SAMPLE_SEED: 'true' | 'false';
  SAMPLE_USER_PASSWORD?: string;
  SAMPLE_CLIENT_SECRET?: string;
};
