import { HttpException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';

import { bearerTokenIn } from '../bearer-token.js';
import type { BearerRequest, BearerTokenException } from '../bearer-token.js';
import { handshakeTokenIn, parametersNamed, parameterToken } from './handshake.js';
import type { Transport } from './transport.js';

/** What `@nestjs/graphql` hands to resolvers as `req`: the request, or the connection of graphql-ws. */
interface RequestOrConnection extends Partial<BearerRequest> {
  readonly extra?: { readonly request?: BearerRequest & { readonly url?: string } };
  readonly connectionParams?: unknown;
}

const codes: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** What graphql-js makes an error of the operation from: it takes over `extensions`, and nothing else. */
class GraphqlRefusal extends HttpException {
  readonly extensions: Readonly<Record<string, string>>;

  constructor({ body: { statusCode, message, ...members } }: BearerTokenException) {
    // A text, since `@nestjs/apollo` puts an object beside the extensions, and a code of its own in their place.
    super(message, statusCode);
    this.extensions = { code: codes[statusCode]!, ...members };
    // Apollo sends it to the client unless NODE_ENV is production.
    this.stack = `${this.name}: ${message}`;
  }
}

export const graphql: Transport = {
  tokensOf: (context) => {
    const { req } = operationOf(context);
    if (req?.headers) return [bearerTokenIn(req as BearerRequest)];
    const request = req?.extra?.request;
    if (!request?.headers) return undefined;
    // Browsers cannot set headers of a WebSocket.
    const parameters = parametersNamed('authorization', req?.connectionParams);
    return [handshakeTokenIn(request), ...parameters.map(parameterToken)];
  },
  whereElse:
    'Give its context the member "req", as @nestjs/graphql does by default, or say in the option "getToken" of ' +
    'ResourceServerModule where the token is.',
  // Fields of one operation are resolved at the same time.
  callOf: (context) => {
    const { value, info, reference } = operationOf(context);
    return [value, info, reference];
  },
  refusalOf: (exception) => new GraphqlRefusal(exception),
};

interface Operation {
  readonly value: unknown;
  readonly info: unknown;
  /** Of an entity that another subgraph asks for. */
  readonly reference?: unknown;
  readonly req: RequestOrConnection | undefined;
}

/** A resolver takes parent, arguments, context and info; one of a reference or a type takes no arguments. */
function operationOf(context: ExecutionContext): Operation {
  const args = context.getArgs<unknown[]>();
  const infoIndex = isInfo(args[3]) ? 3 : 2;
  const value = args[infoIndex - 1];
  const { req } = (value ?? {}) as { req?: RequestOrConnection };
  return { value, info: args[infoIndex], req, ...(infoIndex === 3 ? {} : { reference: args[0] }) };
}

function isInfo(value: unknown): boolean {
  return Array.isArray((value as { fieldNodes?: unknown } | undefined)?.fieldNodes);
}
