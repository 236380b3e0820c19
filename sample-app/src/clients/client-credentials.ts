// How a client says who it is, by the header or by parameters (RFC 6749 section 2.3.1).
import { OAuthException } from '@jmondi/oauth2-server';
import type { Request } from 'express';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';

export interface ClientCredentials {
  client_id: string;
  client_secret?: string;
}

const parameters = z.object({
  client_id: z.string().min(1).optional(),
  // Without a value it counts as left out (section 3.2).
  client_secret: z
    .string()
    .optional()
    .transform((secret) => secret || undefined),
});

/**
 * Reads client_secret_basic, client_secret_post or, for a public client, the client_id alone
 * (RFC 6749 section 2.3.1). Done here because 4.3.7 neither decodes the percent-encoding of the header nor
 * refuses two methods at once.
 */
export function readClientCredentials(request: Request): ClientCredentials {
  const { client_id, client_secret } = readParameters(parameters, request.body);
  const header = readBasicHeader(request.headers.authorization);

  if (!header) {
    if (client_id === undefined) throw OAuthException.invalidClient('The client did not identify itself');
    return { client_id, client_secret };
  }
  if (client_secret !== undefined) {
    throw OAuthException.badRequest('The client used more than one authentication method');
  }
  if (client_id !== undefined && client_id !== header.client_id) {
    throw OAuthException.invalidParameter('client_id');
  }
  return header;
}

function readBasicHeader(authorization: string | undefined): ClientCredentials | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;

  const [, id, secret] = /^([^:]+):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (id === undefined || secret === undefined) throw OAuthException.invalidClient();
  // An empty secret is none (section 2.3.1): some libraries send the header for a public client too.
  return { client_id: formDecode(id), client_secret: formDecode(secret) || undefined };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw OAuthException.invalidClient('The Authorization header is not encoded as RFC 6749 asks');
  }
}
