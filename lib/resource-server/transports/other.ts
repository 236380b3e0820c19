import type { Transport } from './transport.js';

/** A transport that is not Nest's own: the application says where its tokens are. */
export const otherTransport: Transport = {
  requestOf: () => undefined,
  carrierOf: (context) => context.getArgs<unknown[]>().find((each): each is object => Object(each) === each),
  refusalOf: (exception) => exception,
};
