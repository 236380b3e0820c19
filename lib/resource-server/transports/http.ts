import { bearerTokenIn } from '../bearer-token.js';
import type { BearerRequest } from '../bearer-token.js';
import { getTokenSaysWhere } from './where-else.js';
import type { Transport } from './transport.js';

/** Express and Fastify have one way to set a header in common, and Node's own response another one. */
interface AnyResponse {
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

export const http: Transport = {
  tokensOf: (context) => {
    const request = context.switchToHttp().getRequest<Partial<BearerRequest> | undefined>();
    return request?.headers ? [bearerTokenIn(request as BearerRequest)] : undefined;
  },
  whereElse: getTokenSaysWhere,
  callOf: (context) => [context.switchToHttp().getRequest()],
  refusalOf: (exception, context) => {
    const response = context.switchToHttp().getResponse<AnyResponse | undefined>();
    if (exception.challenge !== undefined) {
      if (response?.header) response.header('WWW-Authenticate', exception.challenge);
      else response?.setHeader?.('WWW-Authenticate', exception.challenge);
    }
    return exception;
  },
};
