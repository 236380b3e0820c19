import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  AccessToken,
  AccessTokenGuard,
  accessTokenOf,
  bearerTokenOf,
  Public,
  RequireScopes,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

import { closeAll, platforms } from '../../support/platforms.js';
import { startIssuer, startServer } from './servers.js';
import type { Told } from './servers.js';
import { graphql, subscribe } from './ways.js';

const orderTypeDefs = `
  type Order { number: Int secret: String mine: String }
  type Query { order: Order who(token: String): String }
`;

@Resolver('Order')
class OrderResolver {
  @Query('order')
  @Public()
  order() {
    return { number: 7 };
  }

  @ResolveField('secret')
  @UseGuards(AccessTokenGuard)
  @RequireScopes('admin')
  secret(@Parent() _order: unknown) {
    return 'secret';
  }

  @ResolveField('mine')
  mine(@AccessToken() claims: AccessTokenClaims | undefined) {
    return claims?.sub ?? 'nobody';
  }

  @Query('who')
  @UseGuards(AccessTokenGuard)
  async who(@AccessToken() claims: AccessTokenClaims, @Args('token') _token: string) {
    return claims.sub;
  }
}

const fields = { guards: ['guards' as const], none: [] };
const orders = (guarded: keyof typeof fields, told: Told = {}): Told => ({
  ...told,
  graphql: { typeDefs: orderTypeDefs, fieldResolverEnhancers: fields[guarded], subscriptions: {} },
  metadata: { providers: [OrderResolver] },
});

describe.each(platforms)('GraphQL on %s', (_, adapter) => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterEach(closeAll);
  afterAll(() => issuer.stop());

  const start = (told: Told = {}) => startServer(adapter(), issuer.issuer, 'nothing', told);

  it('refuses a field of an operation, and answers the others', async () => {
    const server = await start();
    const { data, errors } = await graphql(server, '{ open required optional }');
    expect(data).toEqual({ open: 'nobody', required: null, optional: 'nobody' });
    expect(errors).toMatchObject([{ path: ['required'], extensions: { code: 'UNAUTHENTICATED' } }]);

    const token = await issuer.token();
    const answered = await graphql(server, '{ required open again: required optional }', token);
    expect(answered).toEqual({
      data: { required: 'alice', open: 'nobody', again: 'alice', optional: 'alice' },
    });
  });

  it.each([true, false])('has its code whether or not autoTransformHttpErrors is %s', async (transforms) => {
    const server = await start({ graphql: { autoTransformHttpErrors: transforms } });
    const { errors } = await graphql(server, '{ scoped }', await issuer.token());
    const description = 'The scope admin is required';
    expect(errors).toEqual([
      {
        message: description,
        path: ['scoped'],
        locations: [{ line: 1, column: 3 }],
        extensions: {
          code: 'FORBIDDEN',
          error: 'insufficient_scope',
          error_description: description,
          scope: 'admin',
        },
      },
    ]);
  });

  it('tells no file and no line of this server, where Apollo sends the stacks of errors', async () => {
    const server = await start({ graphql: { includeStacktraceInErrorResponses: true } });
    const { errors } = await graphql(server, '{ required }');
    expect(errors).toMatchObject([
      { extensions: { stacktrace: [expect.stringMatching(/: An access token is required$/)] } },
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/\bat |file:|\.js|\.ts/);
  });

  it('finds the request where the application makes a context of its own', async () => {
    const contexts = [{ mine: 1 }, () => ({ mine: 1 }), ({ req }: { req?: object }) => ({ req, mine: 1 })];
    for (const context of contexts) {
      const server = await start({ graphql: { context } });
      expect(await graphql(server, '{ required }', await issuer.token())).toEqual({
        data: { required: 'alice' },
      });
    }
  });

  it('refuses every call where the context has no request, and says why in the log', async () => {
    const server = await start({ graphql: { context: () => ({ req: {} }) } });
    const { errors } = await graphql(server, '{ required }', await issuer.token());
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(JSON.stringify(server.log.lines)).toMatch(
      /QueryHandlers\.required is called by \\"graphql\\", which has no place.*member \\"req\\"/,
    );
  });

  it('guards the fields of a type where GraphQLModule has guards asked for them', async () => {
    const server = await start(orders('guards'));
    const [alice, admin] = [await issuer.token(), await issuer.token({ sub: 'root', scope: 'admin' })];
    expect(await graphql(server, '{ order { number secret } }')).toMatchObject({
      data: { order: { number: 7, secret: null } },
      errors: [{ path: ['order', 'secret'], extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(await graphql(server, '{ order { secret } }', alice)).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN', scope: 'admin' } }],
    });
    expect(await graphql(server, '{ order { secret mine } }', admin)).toEqual({
      data: { order: { secret: 'secret', mine: 'nobody' } },
    });
  });

  it('stops the boot where a field asks for scopes, and Nest would ask no guard', async () => {
    await expect(start(orders('none'))).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/^OrderResolver\.secret says who may call it.*fieldResolverEnhancers/),
    });
  });

  it('keeps two fields of one operation apart, whose tokens getToken takes from their arguments', async () => {
    const getToken = (context: ExecutionContext) =>
      context.getArgByIndex<{ token?: string } | undefined>(1)?.token;
    const server = await start(orders('guards', { getToken }));
    const [alice, bob] = [await issuer.token(), await issuer.token({ sub: 'bob' })];
    const names = Array.from({ length: 20 }, (_each, index) => `f${index}`);
    const query = names.map((name, index) => `${name}: who(token: "${index % 2 ? alice : bob}")`).join(' ');
    const { data } = await graphql(server, `{ ${query} }`);
    expect(data).toEqual(Object.fromEntries(names.map((name, index) => [name, index % 2 ? 'alice' : 'bob'])));
  });

  it('refuses two tokens that differ, and a token in an address (attack 36)', async () => {
    const server = await start();
    const [alice, bob] = [await issuer.token(), await issuer.token({ sub: 'bob' })];
    const headers = { authorization: `Bearer ${alice}` };
    const of = (connectionParams: Record<string, unknown>) =>
      subscribe(server, 'on_optional', { headers, connectionParams });
    expect(await of({ Authorization: `bearer ${alice}` })).toEqual({ value: 'alice' });
    expect(await of({ authorization: null })).toEqual({ value: 'alice' });
    const two = { error: [{ extensions: { code: 'BAD_REQUEST', error: 'invalid_request' } }] };
    expect(await of({ Authorization: `Bearer ${bob}` })).toMatchObject(two);
    expect(
      await subscribe(server, 'on_optional', {
        connectionParams: { Authorization: `Bearer ${alice}`, authorization: `Bearer ${bob}` },
      }),
    ).toMatchObject(two);
    for (const authorization of [7, ['Bearer', alice], { Bearer: alice }, 'Bearer', 'Bearer a b']) {
      expect(await of({ authorization })).toMatchObject({
        error: [{ extensions: { code: 'UNAUTHENTICATED', error: 'invalid_token' } }],
      });
    }
    const query = `access_token=${alice}`;
    expect(await subscribe(server, 'on_optional', { query })).toMatchObject(two);
    const response = await fetch(`${server.url}/graphql?query={optional}&access_token=${alice}`, {
      headers: { 'apollo-require-preflight': 'yes' },
    });
    expect(await response.json()).toMatchObject({ errors: two.error });
  });
});

describe('a resolver without arguments, of a reference or a type', () => {
  const context = (args: unknown[]) => {
    const host = new ExecutionContextHost(args, class Resolvers {} as Type, () => undefined);
    host.setType('graphql');
    return host as ExecutionContext;
  };
  const info = { fieldNodes: [] };
  const value = { req: { headers: { authorization: 'Bearer a.b.c' } } };

  it.each([
    ['with arguments', [undefined, { req: { headers: { authorization: 'Bearer x' } } }, value, info]],
    ['of a reference', [{ id: 1 }, value, info]],
    ['of a type', [{ id: 1 }, value, info, { name: 'Order' }]],
  ])('finds the token of a resolver %s in its context', (_, args) => {
    expect(bearerTokenOf(context(args))).toBe('a.b.c');
    expect(accessTokenOf(context(args))).toBeUndefined();
  });
});
