import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Browser } from '../../sample-app/demo/browser.js';
import { RawClient, challengeOf, redirectUri, secret, tokensOf } from '../sample/raw-client.js';
import { restart, startSample } from '../sample/sample-server.js';
import type { SampleProcess } from '../sample/sample-server.js';
import { until } from '../support/waiting.js';
import { complaintsOf } from './complaints.js';
import { RawConnection, requestText } from './raw-connection.js';

const jwks = '/.well-known/jwks.json';
let sample: SampleProcess;

beforeEach(async () => {
  sample = await startSample();
});
afterEach(async () => {
  await sample.server.stop();
  expect(complaintsOf(sample)).toEqual([]);
});

describe('the sample ends by itself, with exit code 0', () => {
  it('after it has answered the requests that are under way', async () => {
    const client = RawClient.web(sample);
    // Each of them takes the time of a password hash, so that most are under way when the first is answered.
    const asked = Array.from({ length: 16 }, () => client.clientCredentials());
    await Promise.race(asked);
    sample.server.signal('SIGTERM');
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    expect(await sample.server.ended()).toBe(0);
  });

  it('although connections are open on which nothing, half a request or half a body was sent', async () => {
    const open = await Promise.all([1, 2, 3, 4].map(() => RawConnection.open(sample)));
    const [, used, headers, body] = open as [RawConnection, RawConnection, RawConnection, RawConnection];
    used.send(requestText(`GET ${jwks}`, {}));
    headers.send('POST /token HTTP/1.1\r\nHost: x\r\n');
    body.send(requestText('POST /token', { 'Content-Length': 100 }, 'grant_type='));
    await used.untilAnswered();
    expect(await sample.server.stop()).toBe(0);
    await Promise.all(open.map((connection) => connection.untilClosed()));
  });

  it('although a client asks again and again on its connection, and tells it to make a new one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const connections: (string | undefined)[] = [];
    const failures: string[] = [];
    const ask = async () => {
      try {
        const [answer] = (await once(get(`${sample.issuer}${jwks}`, { agent }), 'response')) as [
          IncomingMessage,
        ];
        answer.resume();
        await once(answer, 'end');
        connections.push(answer.headers.connection);
        return true;
      } catch (error) {
        failures.push(String((error as NodeJS.ErrnoException).code));
        return false;
      }
    };
    const asking = (async () => {
      while (await ask());
    })();
    await until(() => connections.length > 50);
    expect(await sample.server.stop()).toBe(0);
    await asking;
    // Nobody listens any more. Until then no connection was cut without a notice.
    expect(failures).toHaveLength(1);
    expect(connections.filter((value, index) => value !== connections[index - 1])).toEqual([
      'keep-alive',
      'close',
    ]);
    agent.destroy();
  });
});

describe('a login that a restart interrupts', () => {
  const code_verifier = secret();
  const authorizationUrl = () =>
    RawClient.web(sample).authorizationUrl({ code_challenge: challengeOf(code_verifier) });
  const credentials = () => ({ username: 'alice', password: sample.userPassword });

  async function interrupt(changes: Record<string, string> = {}): Promise<void> {
    expect(await sample.server.stop()).toBe(0);
    sample = await restart(sample, changes);
  }

  it('goes on where it was', async () => {
    const browser = new Browser(sample.issuer);
    const signIn = await browser.open(authorizationUrl());
    await interrupt();
    const consent = await browser.submit(signIn, { fields: credentials() });
    expect(consent.url.pathname).toMatch(/^\/consent\//);
    await interrupt();
    const { url } = await browser.submit(consent, { button: { name: 'decision', value: 'approve' } });
    const code = url.searchParams.get('code') ?? '';
    const answer = await RawClient.web(sample).redeem({ code, code_verifier, redirect_uri: redirectUri });
    expect(tokensOf(answer)).toHaveProperty('id_token');
  });

  it('is told how to begin again where the sessions are lost, and then succeeds', async () => {
    const browser = new Browser(sample.issuer);
    const signIn = await browser.open(authorizationUrl());
    await interrupt({ SESSION_SECRET: secret() });
    const page = await browser.submit(signIn, { fields: credentials() });
    expect(page.status).toBe(403);
    expect(page.html).toMatch(
      /This form has expired\.[^]*Go back to the application you came from and start again/,
    );
    const again = await browser.open(signIn.url);
    expect(again.status).toBe(400);
    expect(again.html).toMatch(/no longer open\.[^]*start again/);

    const consent = await browser.submit(await browser.open(authorizationUrl()), { fields: credentials() });
    expect(consent.url.pathname).toMatch(/^\/consent\//);
  });
});
