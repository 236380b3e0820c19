import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { freePort } from '../../sample-app/demo/server-process.js';
import { makeRsaKey } from '../support/keys.js';
import { forge, headerOf, payloadOf } from '../support/tokens.js';
import { rejectionOf } from '../support/errors.js';
import { logIn } from './log-in.js';
import { startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

type Change = (idToken: string) => string;

describe('openid-client, with the sample behind a proxy that changes ID tokens', () => {
  let sample: Sample;
  let proxy: Server;
  let change: Change = (idToken) => idToken;

  beforeEach(async () => {
    const port = await freePort();
    sample = await startSample({ ISSUER: `http://127.0.0.1:${port}` });
    proxy = createServer((request, response) => void forward(sample.port, change, request, response));
    proxy.listen(port, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(async () => {
    proxy.close();
    proxy.closeAllConnections();
    await sample.server.stop();
  });

  it('accepts the one that the sample signed', async () => {
    change = (idToken) => idToken;
    const { relyingParty, callback, checks } = await logIn(sample);
    const tokens = await relyingParty.exchangeCode(callback, checks);
    expect(tokens.claims()).toMatchObject({
      iss: sample.issuer,
      aud: 'demo-web',
      nonce: checks.expectedNonce,
    });
  });

  it('refuses one that another key signed under our kid', async () => {
    const other = makeRsaKey();
    change = (idToken) => forge(other, headerOf(idToken), payloadOf(idToken));
    const { relyingParty, callback, checks } = await logIn(sample);
    const error = await rejectionOf(relyingParty.exchangeCode(callback, checks));
    expect((error.cause as Error).message).toMatch(/signature verification failed/);
  });
});

/** Passes everything on, and changes the ID token in what the token endpoint answers. */
async function forward(
  port: number,
  change: Change,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = request.method === 'POST' ? await buffer(request) : undefined;
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
  const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, {
    method: request.method!,
    headers: headers as Record<string, string>,
    redirect: 'manual',
    ...(body && { body }),
  });
  let text = await answer.text();
  if (request.url === '/token' && answer.ok) {
    const tokens = JSON.parse(text) as { id_token: string };
    text = JSON.stringify({ ...tokens, id_token: change(tokens.id_token) });
  }
  // Set-Cookie cannot be joined into one header as the others can.
  const {
    'content-length': _size,
    'content-encoding': _encoding,
    'set-cookie': _cookie,
    ...others
  } = Object.fromEntries(answer.headers);
  response.writeHead(answer.status, { ...others, 'set-cookie': answer.headers.getSetCookie() });
  response.end(text);
}
