import type { ExecutionContext } from '@nestjs/common';

import { BearerTokenException } from './bearer-token.js';
import { transportOf } from './transports/transport-of.js';
import { tokensOfHandshake } from './transports/web-socket.js';
import type { SocketHandshake } from './transports/web-socket.js';

/**
 * Where the guard looks for a token unless the option `getToken` says otherwise: in the header `Authorization`
 * (RFC 6750 section 2.1) of the request, of a GraphQL operation's request, or of a WebSocket's handshake; for those that
 * cannot set headers there, also in `connectionParams.authorization` of graphql-ws and in `auth.token` of socket.io.
 * Undefined where there is none.
 *
 * @throws BearerTokenException 400 for a token in the query string and for two that differ, 401 for one that is no token
 */
export function bearerTokenOf(context: ExecutionContext): string | undefined {
  return onlyOne(transportOf(context).tokensOf(context) ?? []);
}

/**
 * The same where there is no context: in `handleConnection(client)` of a gateway on socket.io, with `client.handshake`.
 *
 * @throws BearerTokenException as {@link bearerTokenOf} does
 */
export function bearerTokenOfHandshake(handshake: SocketHandshake): string | undefined {
  return onlyOne(tokensOfHandshake(handshake));
}

function onlyOne(sent: readonly (string | undefined)[]): string | undefined {
  const [token, another] = new Set(sent.filter((each) => each !== undefined));
  if (another !== undefined) throw BearerTokenException.several();
  return token;
}
