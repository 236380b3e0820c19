import { createServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { once } from 'node:events';

import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import type { INestApplication, INestMicroservice, ModuleMetadata } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { JwtService } from 'nestjs-oidc-key';
import { ResourceServerModule } from 'nestjs-oidc-key/resource-server';
import type { TokenLocationOptions } from 'nestjs-oidc-key/resource-server';

import { makeRsaKey } from '../../support/keys.js';
import { boot, RecordingLogger } from '../../support/platforms.js';
import { getToken, HandlersModule, typeDefs } from './handlers.js';
import type { Server, Way } from './ways.js';

export const audience = 'https://api.example';
const now = () => Math.floor(Date.now() / 1000);

/** Publishes its keys, until it goes away, and signs access tokens. */
export async function startIssuer() {
  const jwt = new JwtService({ key: makeRsaKey() });
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwt.getKeySet()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    token: (changes: object = {}) => {
      const claims = {
        iss: issuer,
        aud: audience,
        sub: 'alice',
        client_id: 'web',
        jti: '1',
        scope: 'orders',
      };
      return jwt.sign({ ...claims, iat: now(), exp: now() + 600, ...changes }, { header: { typ: 'at+jwt' } });
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface Told extends TokenLocationOptions {
  /** Whether the guard looks where it does unless it is told where else. */
  readonly hasDefaultPlaces?: boolean;
  readonly graphql?: Partial<ApolloDriverConfig>;
  readonly metadata?: ModuleMetadata;
  readonly inheritAppConfig?: boolean;
  readonly setUp?: (app: INestApplication) => void;
}

/** A server of every transport, as far as Nest has them in one application. */
export async function startServer(
  adapter: Parameters<typeof boot>[0],
  issuer: string,
  needs: Way['needs'],
  told: Told = {},
): Promise<Server & { readonly app: INestApplication; readonly log: RecordingLogger }> {
  const log = new RecordingLogger();
  let tcp: INestMicroservice | undefined;
  const { app, url } = await boot(
    adapter,
    {
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs,
          subscriptions: { 'graphql-ws': true },
          ...told.graphql,
        }),
        ResourceServerModule.forRoot({
          issuer,
          audience,
          isGlobal: true,
          getToken: told.getToken ?? (needs === 'nothing' || told.hasDefaultPlaces ? undefined : getToken),
        }),
        ...(told.metadata ? [] : [HandlersModule]),
        ...(told.metadata?.imports ?? []),
      ],
      controllers: told.metadata?.controllers ?? [],
      providers: told.metadata?.providers ?? [],
    },
    (each) => {
      each.useWebSocketAdapter(
        needs === 'getToken and WsAdapter' ? new WsAdapter(each) : new IoAdapter(each),
      );
      const { inheritAppConfig = false } = told;
      tcp = each.connectMicroservice(
        { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
        { inheritAppConfig },
      );
      told.setUp?.(each);
    },
    log,
  );
  await app.startAllMicroservices();
  const { port } = tcp!.unwrap<NetServer>().address() as AddressInfo;
  return { app, url, port, log };
}
