import 'reflect-metadata';

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AuthorizationServer, DateInterval } from '@jmondi/oauth2-server';
import type { OAuthClient, OAuthScope } from '@jmondi/oauth2-server';
import { Body, Controller, Get, HttpCode, Inject, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import jsonwebtoken from 'jsonwebtoken';
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';

import { makeKey } from '../contenders.js';
import type { ServerOptions, ServerReport } from '../server-process.js';

const { platform, signer } = JSON.parse(process.argv[2]!) as ServerOptions;
const key = makeKey('RSA-2048');

const client: OAuthClient = {
  id: 'client',
  name: 'Client',
  secret: 'secret',
  redirectUris: [],
  allowedGrants: ['client_credentials'],
  scopes: [],
};

/** What @jmondi/oauth2-server 5 does with an RSA key. */
function jsonwebtokenSigner(keyid: string) {
  return {
    sign: async (payload: string | Buffer | object) =>
      jsonwebtoken.sign(payload, key, { algorithm: 'RS256', keyid }),
    verify: () => Promise.reject(new Error('not measured')),
    decode: () => null,
  };
}

function constantSigner(token: string) {
  return { ...jsonwebtokenSigner(''), sign: async () => token };
}

async function serverWith(jwt: JwtService, keyInfo: KeyInfo): Promise<AuthorizationServer> {
  const signers = {
    ours: () => jwt,
    jsonwebtoken: () => jsonwebtokenSigner(keyInfo.kid),
    constant: async () => constantSigner(await jwt.sign({ sub: 'client' })),
  };
  const server = new AuthorizationServer(
    { getByIdentifier: async () => client, isClientValid: async () => true },
    {
      issueToken: async (owner: OAuthClient, scopes: OAuthScope[]) => ({
        accessToken: crypto.randomUUID(),
        accessTokenExpiresAt: new Date(Date.now() + 3_600_000),
        client: owner,
        scopes,
      }),
      persist: async () => undefined,
    } as never,
    { getAllByIdentifiers: async () => [], finalize: async (scopes) => scopes },
    await signers[signer](),
  );
  server.enableGrantType('client_credentials', new DateInterval('1h'));
  return server;
}

const constant = 'x'.repeat(450);

@Controller()
class BenchController {
  constructor(@Inject(AuthorizationServer) private readonly server: AuthorizationServer) {}

  @Post('token')
  @HttpCode(200)
  async token(@Body() body: Record<string, unknown>) {
    return (await this.server.respondToAccessTokenRequest({ headers: {}, query: {}, body })).body;
  }

  @Get('constant')
  constant() {
    return constant;
  }
}

@Module({
  imports: [OidcKeyModule.forRoot({ key })],
  controllers: [BenchController],
  providers: [{ provide: AuthorizationServer, useFactory: serverWith, inject: [JwtService, KeyInfo] }],
})
class BenchModule {}

// Whoever measures was killed, and could not end this process itself.
process.once('disconnect', () => process.exit());

const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(BenchModule, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const report = (message: ServerReport) => process.send?.(message);
process.on('message', () => report({ cpu: process.cpuUsage() }));
report({ port: ((app.getHttpServer() as Server).address() as AddressInfo).port });
