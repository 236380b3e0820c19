// Reads the parameters of an authorization request.
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import { AuthorizationError } from './authorization-error.js';
import { claimsParameter } from './claims-parameter.js';

/** Clients keep where the user was in it, encrypted too; a quarter of what Node takes as the head of a request. */
export const LONGEST_STATE = 4096;

/** RFC 6749 section 4.1.1, RFC 7636 section 4.3 and OpenID Connect Core section 3.1.2.1, after validation. */
const parameters = z.object({
  client_id: z.string(),
  redirect_uri: z.string(),
  response_type: z.string(),
  response_mode: z.literal('query').optional(),
  scope: z.string().max(1024).optional(),
  state: z.string().max(LONGEST_STATE).optional(),
  // It goes into the code and the ID token, and so into addresses and cookies. Usual are 22 to 128 characters.
  nonce: z.string().max(512).optional(),
  // A SHA-256 hash in base64url; nothing else can be one.
  code_challenge: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
  code_challenge_method: z.literal('S256').optional(),
  prompt: z.string().max(64).optional(),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  // The longest email address has 254 characters (RFC 5321 section 4.5.3.1.3).
  login_hint: z.string().max(256).optional(),
  id_token_hint: z.string().max(8192).optional(),
  claims: z.string().max(2048).pipe(claimsParameter).optional(),
});

export type AuthorizationParameters = z.output<typeof parameters>;

/** After id_token_hint was verified. */
export type CheckedParameters = Omit<AuthorizationParameters, 'id_token_hint'> & {
  /** The only user who may be logged in by this request. */
  subject?: string;
};

const refused = z.object({ request: z.unknown(), request_uri: z.unknown() }).partial();

export function readAuthorizationParameters(query: unknown): AuthorizationParameters {
  const { request, request_uri } = readParameters(refused, query);
  if (request !== undefined) throw new AuthorizationError('request_not_supported');
  if (request_uri !== undefined) throw new AuthorizationError('request_uri_not_supported');

  const result = readParameters(parameters, query);
  if (result.response_type !== 'code') throw new AuthorizationError('unsupported_response_type');
  if ((result.code_challenge === undefined) !== (result.code_challenge_method === undefined)) {
    throw new AuthorizationError(
      'invalid_request',
      'code_challenge and code_challenge_method=S256 go together',
    );
  }
  if (promptsOf(result).length > 1 && hasPrompt(result, 'none')) {
    throw new AuthorizationError('invalid_request', 'prompt=none excludes every other prompt');
  }
  return result;
}

export function hasPrompt(request: CheckedParameters, prompt: string): boolean {
  return promptsOf(request).includes(prompt);
}

function promptsOf({ prompt }: CheckedParameters): string[] {
  return prompt?.split(' ') ?? [];
}
