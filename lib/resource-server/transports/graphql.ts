import type { BearerRequest } from '../bearer-token.js';
import type { Transport } from './transport.js';

/** What an application hands to its resolvers, as `@nestjs/graphql` makes it by default. */
interface GraphqlContext {
  readonly req?: BearerRequest;
}

const contextIndex = 2;

export const graphql: Transport = {
  requestOf: (context) => context.getArgByIndex<GraphqlContext | undefined>(contextIndex)?.req,
  carrierOf: (context) => context.getArgByIndex<object | undefined>(contextIndex),
  refusalOf: (exception) => exception,
};
