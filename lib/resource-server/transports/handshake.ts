import { bearerTokenIn, BearerTokenException } from '../bearer-token.js';
import type { BearerRequest } from '../bearer-token.js';

/** The request that became a connection. Node has not taken its query string apart. */
interface UpgradeRequest extends BearerRequest {
  readonly url?: string;
}

/** @throws BearerTokenException as {@link bearerTokenIn} does */
export function handshakeTokenIn({ headers, query, url = '' }: UpgradeRequest): string | undefined {
  return bearerTokenIn({ headers, query: query ?? Object.fromEntries(new URLSearchParams(queryOf(url))) });
}

function queryOf(url: string): string {
  return url.includes('?') ? url.slice(url.indexOf('?')) : '';
}

/** What a client says of itself when it connects, by names in any case, as those of headers are. */
export function parametersNamed(name: string, parameters: unknown): unknown[] {
  if (typeof parameters !== 'object' || parameters === null) return [];
  return Object.entries(parameters)
    .filter(([key, value]) => key.toLowerCase() === name && value !== undefined && value !== null)
    .map(([, value]): unknown => value);
}

/**
 * The token of a parameter that stands for the header.
 *
 * @throws BearerTokenException 401 for what is no text, and as {@link bearerTokenIn} does
 */
export function parameterToken(authorization: unknown): string | undefined {
  if (typeof authorization !== 'string') throw BearerTokenException.invalidToken();
  return bearerTokenIn({ headers: { authorization } });
}
