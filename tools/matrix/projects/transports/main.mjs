import 'reflect-metadata';

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

import { ApolloDriver } from '@nestjs/apollo';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient } from 'graphql-ws';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import {
  AccessToken,
  AccessTokenGuard,
  bearerTokenOf,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import WebSocket from 'ws';

const [, , platform, nest] = process.argv;
const { default: adapter } = await import(`./${platform}.cjs`);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [issuer, audience] = ['https://issuer.example', 'https://api.example'];

/** A class with the methods `required` and `scoped`, each of which answers who it is called by. */
function handlers(name, decorate, onClass, answer = (claims) => claims?.sub ?? 'nobody') {
  class Handlers {
    required(claims) {
      return answer(claims, 'required');
    }
    scoped(claims) {
      return answer(claims, 'scoped');
    }
  }
  Object.defineProperty(Handlers, 'name', { value: name });
  for (const method of ['required', 'scoped']) {
    const decorators = [decorate(method), ...(method === 'scoped' ? [RequireScopes('admin')] : [])];
    const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, method);
    for (const each of decorators) each(Handlers.prototype, method, descriptor);
    AccessToken()(Handlers.prototype, method, 0);
  }
  for (const each of onClass) each(Handlers);
  return Handlers;
}

async function* once(claims, method) {
  yield { [`on_${method}`]: claims.sub };
}

const event = (claims) => ({ event: 'answer', data: claims?.sub ?? 'nobody' });
const types = [
  'Query { required: String scoped: String }',
  'Subscription { on_required: String on_scoped: String }',
];

/** Guarded by the global guard alone. */
class Bare {
  bare() {
    return { event: 'answer', data: 'open' };
  }
}
SubscribeMessage('bare')(Bare.prototype, 'bare', Object.getOwnPropertyDescriptor(Bare.prototype, 'bare'));
WebSocketGateway()(Bare);

class AppModule {}
Module({
  imports: [
    OidcKeyModule.forRoot({ key, isGlobal: true, jwks: false }),
    ResourceServerModule.forRootAsync({
      isGlobal: true,
      inject: [KeyRotation],
      useFactory: (keys) => ({
        issuer,
        audience,
        keys,
        getToken: (context) =>
          context.getType() === 'rpc' ? context.switchToRpc().getData().token : bearerTokenOf(context),
      }),
    }),
    GraphQLModule.forRoot({
      driver: ApolloDriver,
      typeDefs: types.map((type) => `type ${type}`).join(' '),
      subscriptions: { 'graphql-ws': true },
    }),
  ],
  controllers: [
    handlers('Http', (method) => Get(method), [Controller()]),
    handlers('Messages', (method) => MessagePattern(method), [Controller(), UseGuards(AccessTokenGuard)]),
  ],
  providers: [
    { provide: APP_GUARD, useExisting: AccessTokenGuard },
    Bare,
    handlers('Queries', (method) => Query(method), [Resolver()]),
    handlers('Subscriptions', (method) => Subscription(`on_${method}`), [Resolver()], once),
    handlers(
      'Gateway',
      (method) => SubscribeMessage(method),
      [WebSocketGateway(), UseGuards(AccessTokenGuard)],
      event,
    ),
  ],
})(AppModule);

const [alarming, warnings] = [[], []];
const ignored = () => undefined;
const logger = {
  log: ignored,
  debug: ignored,
  warn: (line) => warnings.push(line),
  error: (...line) => alarming.push(line),
};
const app = await NestFactory.create(AppModule, adapter(), { logger, abortOnError: false });
const options = { host: '127.0.0.1', port: 0 };
const microservice = app.connectMicroservice({ transport: Transport.TCP, options });
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const { port } = microservice.unwrap().address();

async function http(method, token) {
  const response = await fetch(`${url}/${method}`, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });
  return response.ok ? response.text() : response.json();
}

async function query(method, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const body = JSON.stringify({ query: `{ ${method} }` });
  const { data, errors } = await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
  return errors ? errors[0].extensions : data[method];
}

async function subscription(method, token) {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    retryAttempts: 0,
  });
  try {
    const { value } = await client.iterate({ query: `subscription { on_${method} }` }).next();
    return value.errors ? value.errors[0].extensions : value.data[`on_${method}`];
  } catch (errors) {
    return errors[0].extensions;
  } finally {
    await client.dispose();
  }
}

async function socketIo(method, token) {
  const socket = io(url, { transports: ['websocket'], forceNew: true, auth: token ? { token } : {} });
  const answered = new Promise((resolve) => socket.once('answer', resolve).once('exception', resolve));
  socket.emit(method, {});
  return answered.finally(() => socket.close());
}

async function tcp(method, token) {
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { ...options, port } });
  return firstValueFrom(client.send(method, { token }))
    .catch((error) => error)
    .finally(() => client.close());
}

const jwt = app.get(JwtService);
const token = await jwt.sign(
  { sub: 'alice', client_id: 'web', jti: '1', scope: 'orders' },
  { issuer, audience, expiresIn: 60, header: { typ: 'at+jwt' } },
);
const missing = { statusCode: 401, message: 'An access token is required' };
const scope = {
  error: 'insufficient_scope',
  error_description: 'The scope admin is required',
  scope: 'admin',
};
const forbidden = { statusCode: 403, message: scope.error_description, ...scope };
for (const call of [http, query, subscription, socketIo, tcp]) {
  const isGraphql = call === query || call === subscription;
  const { stacktrace: _, ...refused } = await call('required');
  assert.deepEqual(refused, isGraphql ? { code: 'UNAUTHENTICATED' } : missing, call.name);
  const { stacktrace: _trace, ...withoutScope } = await call('scoped', token);
  assert.deepEqual(withoutScope, isGraphql ? { code: 'FORBIDDEN', ...scope } : forbidden, call.name);
  assert.equal(await call('required', token), 'alice', call.name);
}
// What is known of Nest 12, and not so of 11.
const asksGlobalGuards = nest === '12';
assert.deepEqual(await socketIo('bare'), asksGlobalGuards ? missing : 'open');
const isWarned = warnings.some((line) => String(line).startsWith('Bare.bare is open to everybody'));
assert.equal(isWarned, !asksGlobalGuards);
assert.deepEqual(alarming, []);
await app.close();
console.log(`Nest ${nest} on ${platform}: every transport`);
