import { bearerTokenIn, BearerTokenException } from '../bearer-token.js';
import type { BearerRequest } from '../bearer-token.js';
import { parametersNamed } from './handshake.js';
import type { Transport } from './transport.js';

/** The handshake of a client of socket.io. */
export interface SocketHandshake extends BearerRequest {
  /** What the client says of itself: `io(url, { auth: { token } })`. */
  readonly auth?: unknown;
}

interface SocketClient {
  readonly handshake?: Partial<SocketHandshake>;
}

/** What is sent in each place that a handshake has for a token. Throws as {@link Transport.tokensOf} does. */
export function tokensOfHandshake(handshake: SocketHandshake): readonly (string | undefined)[] {
  // socket.io's own way: browsers cannot set headers of a WebSocket.
  const parameters = parametersNamed('token', handshake.auth);
  return [bearerTokenIn(handshake), ...parameters.map(tokenOf)];
}

export const webSocket: Transport = {
  tokensOf: (context) => {
    const { handshake } = context.switchToWs().getClient<SocketClient>();
    return handshake?.headers ? tokensOfHandshake(handshake as SocketHandshake) : undefined;
  },
  whereElse:
    'A client of "ws" does not keep the request of its handshake: keep it in handleConnection(client, request), and say ' +
    'in the option "getToken" of ResourceServerModule where the token is.',
  // Messages of one client are handled at the same time.
  callOf: (context) => context.getArgs<unknown[]>(),
  refusalOf: async (exception) => {
    // Whoever has gateways has loaded it, and others need not have it.
    const nest = await import('@nestjs/websockets').catch(() => undefined);
    return nest ? new nest.WsException(exception.body) : exception;
  },
};

/** With or without the word that a header begins with. */
function tokenOf(parameter: unknown): string | undefined {
  if (typeof parameter !== 'string') throw BearerTokenException.invalidToken();
  const authorization = /^Bearer(?: |$)/i.test(parameter) ? parameter : `Bearer ${parameter}`;
  return bearerTokenIn({ headers: { authorization } });
}
