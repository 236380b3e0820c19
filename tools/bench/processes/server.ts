import 'reflect-metadata';

import { createHash } from 'node:crypto';

import { AuthorizationServer, DateInterval } from '@jmondi/oauth2-server';
import type { OAuthClient, OAuthScope } from '@jmondi/oauth2-server';
import { Body, Controller, Get, Header, HttpCode, Inject, Module, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createSigner } from 'fast-jwt';
import jsonwebtoken from 'jsonwebtoken';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { OidcKeyPrometheusModule } from 'nestjs-oidc-key/prometheus';
import { keyStore } from 'nestjs-oidc-key/stores';
import { register } from 'prom-client';

import { algorithmOf, makeKey, privatePem } from '../keys.js';
import type { ServerMessage, ServerOptions } from '../server-process.js';
import { serve } from './serve.js';

const { platform, key: kind, signer, switchesMetrics, store } = JSON.parse(process.argv[2]!) as ServerOptions;
const key = makeKey(kind);
const algorithm = algorithmOf(kind).name;
Object.assign(process.env, store?.environment);
const keys = store ? { store: keyStore(store.reference) } : { key };

const client: OAuthClient = {
  id: 'client',
  name: 'Client',
  secret: 'secret',
  redirectUris: [],
  allowedGrants: ['client_credentials'],
  scopes: [],
};

/** The library has no way to count nothing. */
interface Uncounted {
  readonly usage: { readonly jwksRequests: { add: (status: string) => void } };
}

type Payload = string | Buffer | Record<string, unknown>;

/** A `JwtInterface` of which only `sign` is measured. */
function signerOf(sign: (payload: Payload) => string) {
  return {
    sign: async (payload: Payload) => sign(payload),
    verify: () => Promise.reject(new Error('not measured')),
    decode: () => null,
  };
}

/** What @jmondi/oauth2-server 5 does with an RSA key. */
function jsonwebtokenSigner(keyid: string) {
  const options = { algorithm: algorithm as jsonwebtoken.Algorithm, keyid };
  return signerOf((payload) => jsonwebtoken.sign(payload, key, options));
}

async function serverWith(jwt: JwtService, keyInfo: KeyInfo): Promise<AuthorizationServer> {
  const signers = {
    ours: () => jwt,
    jsonwebtoken: () => jsonwebtokenSigner(keyInfo.kid),
    'fast-jwt': () => signerOf(createSigner({ key: privatePem(key), algorithm, kid: keyInfo.kid })),
    constant: async () => {
      const token = await jwt.sign({ sub: 'client' });
      return signerOf(() => token);
    },
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
// What the JWKS route sends, bytes and headers alike.
const handWritten = JSON.stringify(new JwtService({ key }).getKeySet());
const etag = `"${createHash('sha256').update(handWritten).digest('base64url')}"`;

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

  @Get('hand-written')
  @Header('cache-control', 'public, max-age=3600')
  @Header('etag', etag)
  @Header('x-content-type-options', 'nosniff')
  @Header('access-control-allow-origin', '*')
  @Header('content-type', 'application/json; charset=utf-8')
  handWritten() {
    return handWritten;
  }
}

@Module({
  imports: [
    OidcKeyModule.forRootAsync({ useFactory: () => keys }),
    ...(switchesMetrics ? [OidcKeyPrometheusModule] : []),
  ],
  controllers: [BenchController],
  providers: [{ provide: AuthorizationServer, useFactory: serverWith, inject: [JwtService, KeyInfo] }],
})
class BenchModule {}

function switchMetricsOf(app: INestApplication): void {
  const { jwksRequests } = app.get<Uncounted>(KeyRotation, { strict: false }).usage;
  const count = jwksRequests.add.bind(jwksRequests);
  const ignore = () => undefined;
  let scraping: NodeJS.Timeout | undefined;
  process.on('message', (message: ServerMessage) => {
    if (message === 'cpu') return;
    clearInterval(scraping);
    scraping = message === 'metrics on' ? setInterval(() => void register.metrics(), 500) : undefined;
    jwksRequests.add = message === 'metrics on' ? count : ignore;
  });
}

const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
await serve(async () => {
  const app = await NestFactory.create(BenchModule, adapter, { logger: ['error'] });
  if (switchesMetrics) switchMetricsOf(app);
  return app;
});
