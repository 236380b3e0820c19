import type { ExecutionContext } from '@nestjs/common';

import { getTokenSaysWhere } from './where-else.js';
import type { Transport } from './transport.js';

// How Nest marks the handlers of messages that nobody waits for an answer to.
const kindOfHandler = 'microservices:handler_type';
const event = 2;

export const rpc: Transport = {
  // What a message says of itself is no header.
  tokensOf: () => undefined,
  whereElse: getTokenSaysWhere,
  callOf: (context) => {
    const rpcContext = context.switchToRpc().getContext<unknown>();
    return [Object(rpcContext) === rpcContext ? rpcContext : context.switchToRpc().getData<unknown>()];
  },
  refusalOf: async (exception, context) => {
    // Nest logs every RpcException of an event as an error, and whoever sends events could fill the log with them.
    if (isEvent(context)) return exception;
    // Whoever has microservices has loaded it, and others need not have it.
    const nest = await import('@nestjs/microservices').catch(() => undefined);
    return nest ? new nest.RpcException(exception.body) : exception;
  },
};

function isEvent(context: ExecutionContext): boolean {
  return Reflect.getMetadata(kindOfHandler, context.getHandler()) === event;
}
