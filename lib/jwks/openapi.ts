import { applyDecorators, SetMetadata } from '@nestjs/common';

import { defaultJwksPath } from './jwks-path.js';

// The names under which @nestjs/swagger keeps what its own decorators say. It need not be installed.
const operation = 'swagger/apiOperation';
const responses = 'swagger/apiResponse';

const keySet = {
  type: 'object',
  required: ['keys'],
  properties: { keys: { type: 'array', items: { type: 'object', required: ['kty'] } } },
};

/**
 * Describes the route at this path for an OpenAPI document. Two issuers of one application are two operations, which
 * must not have one id. The application's own decorators of the route may say otherwise.
 */
export function operationOf(path: string): MethodDecorator {
  const operationId = path === defaultJwksPath ? 'getJwks' : `getJwks${path}`;
  return applyDecorators(
    SetMetadata(operation, { operationId, summary: 'The public keys of the issuer' }),
    SetMetadata(responses, {
      200: { description: 'The JWK Set that verifies the tokens of the issuer (RFC 7517).', schema: keySet },
      304: { description: 'The JWK Set still has the entity tag of If-None-Match.' },
    }),
  );
}
