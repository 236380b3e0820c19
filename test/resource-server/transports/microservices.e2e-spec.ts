import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import {
  AccessToken,
  AccessTokenGuard,
  Public,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';
import { lastValueFrom } from 'rxjs';

import { closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { freePort } from '../../support/ports.js';
import { until } from '../../support/waiting.js';
import { audience, startIssuer, startServer } from './servers.js';
import type { Told } from './servers.js';
import { ways } from './ways.js';

const { call } = ways.find(({ name }) => name.startsWith('TCP'))!;
const globally = { provide: APP_GUARD, useExisting: AccessTokenGuard };
const missing = { error: { statusCode: 401, message: 'An access token is required' } };
const getToken = (context: ExecutionContext) => context.switchToRpc().getData<{ token?: string }>().token;

/** Nothing stands on it. */
@Controller()
class Messages {
  readonly happened: unknown[] = [];

  @MessagePattern('required')
  required(@AccessToken() claims: AccessTokenClaims | undefined) {
    return claims?.sub ?? 'nobody';
  }

  @MessagePattern('open')
  @Public()
  open(@AccessToken() claims: AccessTokenClaims | undefined) {
    return claims?.sub ?? 'nobody';
  }

  @EventPattern('happened')
  event(@AccessToken() claims: AccessTokenClaims | undefined, @Payload() message: unknown) {
    const { id } = message as { id: number };
    this.happened.push([id, claims?.sub ?? 'nobody']);
  }

  @MessagePattern('happened so far')
  @Public()
  soFar() {
    return this.happened;
  }
}

@Controller()
class MessagesWithScopes {
  @MessagePattern('scoped')
  @RequireScopes('admin')
  scoped() {
    return 'done';
  }
}

let issuer: Awaited<ReturnType<typeof startIssuer>>;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterEach(closeAll);
afterAll(() => issuer.stop());

const said = ({ lines }: RecordingLogger) => lines.map((line) => String(line[0]));

describe('a microservice', () => {
  async function start(options: object, controllers = [Messages] as (typeof Messages)[]) {
    const log = new RecordingLogger();
    const port = await freePort();
    @Module({
      imports: [ResourceServerModule.forRoot({ issuer: issuer.issuer, audience, ...options })],
      controllers,
      providers: [globally],
    })
    class Service {}
    const app = await NestFactory.createMicroservice(Service, {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
      logger: log,
      abortOnError: false,
    });
    await app.listen();
    return { server: { url: '', port }, log, stop: () => app.close() };
  }

  it('asks the global guard for its messages', async () => {
    const { server, log, stop } = await start({ getToken });
    try {
      expect(await call(server, 'required', await issuer.token())).toEqual({ value: 'alice' });
      expect(await call(server, 'required', undefined)).toEqual(missing);
      expect(await call(server, 'open', undefined)).toEqual({ value: 'nobody' });
      expect(said(log).filter((line) => line.includes('inheritAppConfig'))).toEqual([]);
    } finally {
      await stop();
    }
  });

  it('refuses every message that needs a token where nothing says where it is, and says what to do', async () => {
    const { server, log, stop } = await start({});
    try {
      const token = await issuer.token();
      const headers = { authorization: `Bearer ${token}` };
      expect(await call(server, 'required', token, { headers })).toEqual(missing);
      expect(said(log)).toContainEqual(
        'Messages.required is called by "rpc", which has no place of its own for an access token, and every call is ' +
          'refused. The option "getToken" of ResourceServerModule says where it is.',
      );
    } finally {
      await stop();
    }
  });

  it('drops an event that is refused, and Nest logs no error of it', async () => {
    const { server, log, stop } = await start({ getToken });
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: server.port },
    });
    try {
      const tokens = [undefined, await issuer.token(), 'garbage', await issuer.token({ sub: 'bob' })];
      for (const [id, token] of tokens.entries()) {
        await lastValueFrom(client.emit('happened', { id, token }), { defaultValue: undefined });
      }
      const soFar = () => lastValueFrom(client.send<unknown[]>('happened so far', {}));
      await until(async () => (await soFar()).length === 2);
      expect(await soFar()).toEqual([
        [1, 'alice'],
        [3, 'bob'],
      ]);
      expect(said(log).filter((line) => line.includes('Messages.event refused'))).toHaveLength(2);
      expect(log.lines.filter((line) => /ExceptionsHandler/.test(JSON.stringify(line)))).toEqual([]);
    } finally {
      await client.close();
      await stop();
    }
  });
});

describe.each(platforms)('messages of a hybrid application on %s', (_, adapter) => {
  const start = (told: Told) =>
    startServer(adapter(), issuer.issuer, 'getToken', {
      getToken,
      metadata: { controllers: [Messages], providers: [globally] },
      ...told,
    });
  const warning =
    /^Messages\.required, Messages\.event: open to everybody unless connectMicroservice\(\) is given/;

  it('are guarded by a global guard with inheritAppConfig', async () => {
    const server = await start({ inheritAppConfig: true });
    expect(await call(server, 'required', await issuer.token())).toEqual({ value: 'alice' });
    expect(await call(server, 'required', undefined)).toEqual(missing);
  });

  it('are not without, which Nest hides from a module: it warns of both', async () => {
    for (const inheritAppConfig of [true, false]) {
      const { log, ...server } = await start({ inheritAppConfig });
      expect(said(log).filter((line) => line.includes('inheritAppConfig'))).toEqual([
        expect.stringMatching(warning),
      ]);
      if (!inheritAppConfig) {
        expect(await call(server, 'required', undefined)).toEqual({ value: 'nobody' });
      }
    }
  });

  it('stop the boot where they ask for scopes and no guard is anywhere', async () => {
    await expect(start({ metadata: { controllers: [MessagesWithScopes] } })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/^MessagesWithScopes\.scoped asks for scopes/),
    });
  });
});
