import type { BearerRequest } from '../bearer-token.js';
import type { Transport } from './transport.js';

/** Express and Fastify have one way to set a header in common, and Node's own response another one. */
interface AnyResponse {
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

export const http: Transport = {
  requestOf: (context) => context.switchToHttp().getRequest<BearerRequest>(),
  carrierOf: (context) => context.switchToHttp().getRequest<object>(),
  refusalOf: (exception, context) => {
    const response = context.switchToHttp().getResponse<AnyResponse>();
    if (exception.challenge !== undefined) {
      if (response.header) response.header('WWW-Authenticate', exception.challenge);
      else response.setHeader?.('WWW-Authenticate', exception.challenge);
    }
    return exception;
  },
};
