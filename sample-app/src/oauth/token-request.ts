// Reads what each grant type takes from a token request, and nothing else.
import { OAuthException } from '@jmondi/oauth2-server';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';

const scope = z.string().optional();

/** The parameters of each grant type (RFC 6749 sections 4.1.3, 4.4.2 and 6, RFC 7636 section 4.5). */
const GRANT_TYPES = new Map<string, z.ZodType<Record<string, unknown>>>([
  [
    'authorization_code',
    z.object({
      code: z.string().min(1),
      redirect_uri: z.string().min(1),
      code_verifier: z.string().min(1).optional(),
    }),
  ],
  ['client_credentials', z.object({ scope })],
  ['refresh_token', z.object({ refresh_token: z.string().min(1), scope })],
]);

/**
 * The parameters that the grant type has, as strings, and no others. So what 4.3.7 would take from a request
 * beyond the standard does not reach it: an `audience` of the client's own choice, for one.
 */
export function readTokenRequest(body: unknown): Record<string, unknown> {
  const { grant_type } = readParameters(z.object({ grant_type: z.string().min(1) }), body);
  const schema = GRANT_TYPES.get(grant_type);
  if (!schema) throw OAuthException.unsupportedGrantType();
  return { grant_type, ...readParameters(schema, body) };
}
