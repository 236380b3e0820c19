import type { ExecutionContext } from '@nestjs/common';

import { graphql } from './graphql.js';
import { http } from './http.js';
import { otherTransport } from './other.js';
import { rpc } from './rpc.js';
import type { Transport } from './transport.js';
import { webSocket } from './web-socket.js';

const transports: Readonly<Record<string, Transport>> = { http, graphql, ws: webSocket, rpc };

export function transportOf(context: ExecutionContext): Transport {
  return transports[context.getType<string>()] ?? otherTransport;
}
