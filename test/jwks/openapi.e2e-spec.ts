import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiResponse,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import type { SwaggerDocumentOptions } from '@nestjs/swagger';
import { OidcKeyModule } from 'nestjs-oidc-key';
import type { JwksRouteOptions } from 'nestjs-oidc-key';

import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

const path = '/.well-known/jwks.json';
const documentOf = (app: INestApplication, options: SwaggerDocumentOptions = {}) =>
  SwaggerModule.createDocument(app, new DocumentBuilder().build(), { deepScanRoutes: true, ...options });

describe.each(platforms)('the OpenAPI document on %s', (_, adapter) => {
  afterEach(closeAll);

  const start = async (...routes: JwksRouteOptions[]) => {
    const imports = routes.map((jwks) => OidcKeyModule.forRoot({ key: makeRsaKey(), jwks }));
    return (await boot(adapter(), { imports })).app;
  };

  it.each<[string, SwaggerDocumentOptions]>([
    ['as it is', {}],
    ['where the application names operations by method', { operationIdFactory: (__, method) => method }],
  ])('has an operation id of its own for each issuer, %s', async (__, options) => {
    // Differing in separators alone.
    const paths = [path, '/admin/jwks.json', '/admin-jwks.json', '/admin/jwks/json', '/admin/jwks_json'];
    const document = documentOf(await start(...paths.map((each) => ({ path: each }))), options);
    const ids = paths.map((each) => document.paths[each]?.get?.operationId);
    expect(new Set(ids).size).toBe(paths.length);
    expect(ids.slice(0, 2)).toEqual(['getJwks', 'getJwks/admin/jwks.json']);
  });

  it('describes the operation and each of its answers', async () => {
    const { get } = documentOf(await start({})).paths[path]!;
    expect(get?.summary).toBe('The public keys of the issuer');
    expect(Object.keys(get?.responses ?? {})).toEqual(['200', '304']);
    for (const response of Object.values(get!.responses)) {
      expect(response).toMatchObject({ description: expect.stringMatching(/JWK Set/) });
    }
    expect(get?.responses[200]).toMatchObject({
      content: { 'application/json': { schema: { required: ['keys'] } } },
    });
  });

  it('says what the application’s own decorators say', async () => {
    const decorators = [
      ApiOperation({ operationId: 'keys', summary: 'Ours' }),
      ApiResponse({ status: 429, description: 'Slower' }),
    ];
    const { get } = documentOf(await start({ decorators })).paths[path]!;
    expect([get?.operationId, get?.summary]).toEqual(['keys', 'Ours']);
    expect(Object.keys(get?.responses ?? {})).toEqual(['200', '304', '429']);
  });

  it('leaves the route out where the application says so', async () => {
    const document = documentOf(await start({ decorators: [ApiExcludeEndpoint()] }));
    expect(document.paths).toEqual({});
  });
});
