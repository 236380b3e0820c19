import type { Transport } from './transport.js';

/** No transport of messages has a place of its own for tokens: what a message says of itself is no header. */
export const rpc: Transport = {
  requestOf: () => undefined,
  carrierOf: (context) => context.switchToRpc().getContext<object | undefined>(),
  refusalOf: (exception) => exception,
};
