import type { ExecutionContext } from '@nestjs/common';

import { bearerTokenIn } from './bearer-token.js';
import { transportOf } from './transports/transport-of.js';

/**
 * Where the guard looks for a token unless the option `getToken` says otherwise: in the header `Authorization`
 * (RFC 6750 section 2.1) of the request, of a GraphQL operation's request, or of a WebSocket's handshake. Undefined
 * where there is none.
 *
 * @throws BearerTokenException 400 for a token in the query string, 401 for one that is no token
 */
export function bearerTokenOf(context: ExecutionContext): string | undefined {
  const request = transportOf(context).requestOf(context);
  return request?.headers ? bearerTokenIn(request) : undefined;
}
