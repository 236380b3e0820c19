import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import type { ApplicationConfig } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AccessToken,
  AccessTokenGuard,
  OptionalAccessToken,
  Public,
  RequireScopes,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';
import { io } from 'socket.io-client';

import { checkDeclarations } from '../../../lib/resource-server/check-declarations.js';
import { closeAll, platforms } from '../../support/platforms.js';
import { until } from '../../support/waiting.js';
import { startIssuer, startServer } from './servers.js';
import type { Told } from './servers.js';
import { emit, socketIo, ways } from './ways.js';

const globally = { provide: APP_GUARD, useExisting: AccessTokenGuard };
const missing = { error: { statusCode: 401, message: 'An access token is required' } };

/** Nothing stands on it. */
@WebSocketGateway()
class BareGateway {
  @SubscribeMessage('bare')
  bare(@AccessToken() claims: AccessTokenClaims | undefined) {
    return { event: 'answer', data: claims?.sub ?? 'nobody' };
  }

  @SubscribeMessage('public')
  @Public()
  public() {
    return { event: 'answer', data: 'public' };
  }
}

@WebSocketGateway()
class ScopesWithoutGuard {
  @SubscribeMessage('scopes')
  @RequireScopes('admin')
  scopes() {
    return 'open to everybody';
  }
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class GuardedConnection {
  @RequireScopes('admin')
  handleConnection() {
    return 'open to everybody';
  }
}

/** Tells who every message is from, by a token in the message itself. */
@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class MessagesWithTokens {
  static readonly heard: string[] = [];

  @SubscribeMessage('hear')
  @OptionalAccessToken()
  hear(@AccessToken() claims: AccessTokenClaims | undefined) {
    MessagesWithTokens.heard.push(claims?.sub ?? 'nobody');
  }

  @SubscribeMessage('who')
  @OptionalAccessToken()
  who(@AccessToken() claims: AccessTokenClaims | undefined) {
    return claims?.sub ?? 'nobody';
  }
}

class Inherited {
  static readonly answers: string[] = [];

  @SubscribeMessage('inherited')
  who(@AccessToken() claims: AccessTokenClaims | undefined) {
    Inherited.answers.push(claims?.sub ?? 'nobody');
  }
}

@WebSocketGateway()
@UseGuards(AccessTokenGuard)
class InheritsGuarded extends Inherited {}

const afterTheOther = { canActivate: () => until(() => Inherited.answers.length > 0).then(() => true) };

@WebSocketGateway()
@Public()
@UseGuards(afterTheOther)
class InheritsPublic extends Inherited {}

describe.each(platforms)('a gateway on %s', (_, adapter) => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
  });
  afterAll(() => issuer.stop());

  const start = (told: Told = {}) => startServer(adapter(), issuer.issuer, 'nothing', told);
  const invalidToken = { error: expect.objectContaining({ statusCode: 401, error: 'invalid_token' }) };
  const invalidRequest = { error: expect.objectContaining({ statusCode: 400, error: 'invalid_request' }) };

  it('refuses two tokens that differ, and a token in an address (attack 36)', async () => {
    const server = await start();
    const [alice, bob] = [await issuer.token(), await issuer.token({ sub: 'bob' })];
    const extraHeaders = { authorization: `Bearer ${alice}` };
    const of = (auth: Record<string, unknown>) => socketIo(server, 'optional', { extraHeaders, auth });
    for (const token of [alice, `Bearer ${alice}`, null]) {
      expect(await of({ token })).toEqual({ value: 'alice' });
    }
    expect(await of({ token: bob })).toEqual(invalidRequest);
    expect(await of({ token: alice, TOKEN: bob })).toEqual(invalidRequest);
    for (const token of ['', 7, [alice], { alice }, 'Bearer', `Bearer  ${alice} x`, `Basic ${alice}`]) {
      expect(await of({ token })).toEqual(invalidToken);
    }
    const inAddress = { query: { access_token: alice } };
    expect(await socketIo(server, 'optional', inAddress)).toEqual(invalidRequest);
  });

  it('looks at the token of a connection again for every message, and gives none to public ones', async () => {
    const server = await start();
    const token = await issuer.token();
    const socket = io(server.url, { auth: { token }, transports: ['websocket'], forceNew: true });
    try {
      expect(await emit(socket, 'required')).toEqual({ value: 'alice' });
      expect(await emit(socket, 'open')).toEqual({ value: 'nobody' });
      const { now } = Date;
      jest.spyOn(Date, 'now').mockImplementation(() => now() + 601_000);
      expect(await emit(socket, 'required')).toEqual(invalidToken);
      expect(await emit(socket, 'optional')).toEqual(invalidToken);
      expect(await emit(socket, 'open')).toEqual({ value: 'nobody' });
    } finally {
      socket.close();
    }
  });

  it('keeps messages of one connection apart, whose tokens getToken takes from them', async () => {
    const getToken = (context: ExecutionContext) => {
      const data = context.switchToWs().getData<string | { token?: string }>();
      return typeof data === 'string' ? data : data.token;
    };
    const server = await start({ getToken, metadata: { providers: [MessagesWithTokens] } });
    const socket = io(server.url, { transports: ['websocket'], forceNew: true });
    const [alice, bob] = [await issuer.token(), await issuer.token({ sub: 'bob' })];
    const who = (message: unknown) => socket.emitWithAck('who', message) as Promise<unknown>;
    try {
      const senders = Array.from({ length: 30 }, (_each, index) => index % 3);
      const messages = [{ token: alice }, bob, {}];
      const answers = await Promise.all(senders.map((index) => who(messages[index])));
      expect(answers).toEqual(senders.map((index) => ['alice', 'bob', 'nobody'][index]));
      // Nothing tells them apart but their order: no object, and nobody waits for an answer.
      const { heard } = MessagesWithTokens;
      heard.length = 0;
      for (const [index, message] of [alice, 7, bob].entries()) {
        socket.emit('hear', message);
        await until(() => heard.length > index);
      }
      expect(heard).toEqual(['alice', 'nobody', 'bob']);
    } finally {
      socket.close();
    }
  });

  it('gives a public gateway nothing of a guarded one that inherits the same handler, and gets the same message', async () => {
    const server = await start({ metadata: { providers: [InheritsGuarded, InheritsPublic] } });
    const auth = { token: await issuer.token() };
    const socket = io(server.url, { auth, transports: ['websocket'], forceNew: true });
    Inherited.answers.length = 0;
    socket.emit('inherited', {});
    try {
      await until(() => Inherited.answers.length === 2);
      expect(Inherited.answers).toEqual(['alice', 'nobody']);
    } finally {
      socket.close();
    }
  });

  it('refuses every message that needs a token where the client is of ws, and says what to do', async () => {
    const { call } = ways.find(({ needs }) => needs === 'getToken and WsAdapter')!;
    const server = await startServer(adapter(), issuer.issuer, 'getToken and WsAdapter', {
      hasDefaultPlaces: true,
    });
    const token = await issuer.token();
    expect(await call(server, 'required', token)).toEqual(missing);
    expect(await call(server, 'optional', token)).toEqual({ value: 'nobody' });
    expect(JSON.stringify(server.log.lines)).toMatch(
      /GatewayHandlers\.required is called by \\"ws\\", which has no place .*handleConnection.*\\"getToken\\"/,
    );
  });

  it('has its messages guarded by a global guard', async () => {
    const { log, ...server } = await start({ metadata: { providers: [BareGateway, globally] } });
    expect(await socketIo(server, 'bare', {})).toEqual(missing);
    expect(await socketIo(server, 'bare', { auth: { token: await issuer.token() } })).toEqual({
      value: 'alice',
    });
    expect(await socketIo(server, 'public', {})).toEqual({ value: 'public' });
    expect(JSON.stringify(log.lines)).not.toContain('open to everybody');
  });

  it('is warned of where Nest asks no global guard for its messages, as Nest 11 does', async () => {
    const warnings: string[] = [];
    const server = await start({ metadata: { providers: [BareGateway] } });
    const config = { getGlobalGuards: () => [AccessTokenGuard], getGlobalRequestGuards: () => [] };
    const modules = server.app.get(ModulesContainer);
    checkDeclarations(modules, config as unknown as ApplicationConfig, false, {
      warn: (message) => void warnings.push(message),
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^BareGateway\.bare is open to everybody although AccessTokenGuard is global/),
    ]);
  });

  it('stops the boot where a message asks for scopes without a guard, and where its connection does', async () => {
    await expect(start({ metadata: { providers: [ScopesWithoutGuard] } })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/^ScopesWithoutGuard\.scopes asks for scopes, and no guard is there/),
    });
    await expect(start({ metadata: { providers: [GuardedConnection] } })).rejects.toMatchObject({
      code: 'OIDC_KEY_CONFLICT',
      message: expect.stringMatching(/^GuardedConnection\.handleConnection says .*AccessTokenVerifier/),
    });
  });
});
