import type { ExecutionContext } from '@nestjs/common';

import { graphql } from './graphql.js';
import { http } from './http.js';
import { rpc } from './rpc.js';
import type { Transport } from './transport.js';
import { webSocket } from './web-socket.js';
import { getTokenSaysWhere } from './where-else.js';

/** One that is not Nest's own. */
const other: Transport = {
  tokensOf: () => undefined,
  whereElse: getTokenSaysWhere,
  callOf: (context) => context.getArgs<unknown[]>(),
  refusalOf: (exception) => exception,
};

const transports = new Map<string, Transport>([
  ['http', http],
  ['graphql', graphql],
  ['ws', webSocket],
  ['rpc', rpc],
]);

export function transportOf(context: ExecutionContext): Transport {
  return transports.get(context.getType<string>()) ?? other;
}
