import type { BearerRequest } from '../bearer-token.js';
import type { Transport } from './transport.js';

/** A client of socket.io. */
interface SocketClient {
  readonly handshake?: BearerRequest;
}

export const webSocket: Transport = {
  requestOf: (context) => context.switchToWs().getClient<SocketClient>().handshake,
  carrierOf: (context) => context.switchToWs().getClient<object>(),
  refusalOf: (exception) => exception,
};
