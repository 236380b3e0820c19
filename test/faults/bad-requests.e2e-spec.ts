import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { RawClient } from '../sample/raw-client.js';
import { startSample } from '../sample/sample-server.js';
import type { Sample } from '../sample/sample-server.js';
import { csrfTokenOf, visit } from '../sample/visit.js';
import { complaintsOf } from './complaints.js';
import { RawConnection, formText, requestText } from './raw-connection.js';

const jwks = '/.well-known/jwks.json';
let sample: Sample;

beforeAll(async () => {
  sample = await startSample();
});
afterAll(() => sample.server.stop());

// Whatever was said before: the server is there, answers others, and has nothing to complain about.
afterEach(async () => {
  expect((await fetch(`${sample.issuer}${jwks}`)).status).toBe(200);
  expect((await RawClient.web(sample).clientCredentials()).status).toBe(200);
  expect(complaintsOf(sample)).toEqual([]);
});

function tokenForm(): string {
  const { clientSecret } = sample;
  return new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'api',
    client_id: 'demo-web',
    client_secret: clientSecret,
  }).toString();
}

/** All of a request up to the middle of its body, or of its headers if it has none. */
function half(text: string): string {
  const bodyStart = text.indexOf('\r\n\r\n') + 4;
  return text.slice(0, bodyStart < text.length ? (bodyStart + text.length) / 2 : text.length / 2);
}

function otherHalf(text: string): string {
  return text.slice(half(text).length);
}

async function answerTo(text: string): Promise<RawConnection> {
  const connection = await RawConnection.open(sample);
  connection.send(text);
  await connection.untilAnswered();
  return connection;
}

describe('slow requests', () => {
  const open: RawConnection[] = [];
  afterEach(() => {
    for (const connection of open.splice(0)) connection.destroy();
  });

  it('keep nobody else waiting, and are answered when their end has come', async () => {
    for (let count = 0; count < 100; count += 1) {
      const connection = await RawConnection.open(sample);
      open.push(connection);
      const whole = count % 2 === 0 ? formText('/token', tokenForm()) : requestText(`GET ${jwks}`, {});
      connection.send(half(whole));
    }
    const other = await answerTo(formText('/token', tokenForm()));
    expect(other.statuses).toEqual([200]);
    other.destroy();
    for (const { isClosed, statuses } of open) expect([isClosed, statuses]).toEqual([false, []]);

    const [form, get] = open as [RawConnection, RawConnection];
    form.send(otherHalf(formText('/token', tokenForm())));
    get.send(otherHalf(requestText(`GET ${jwks}`, {})));
    await Promise.all([form.untilAnswered(), get.untilAnswered()]);
    expect([...form.statuses, ...get.statuses]).toEqual([200, 200]);
  });
});

describe('clients that go away', () => {
  let signInPath: string;
  let signInForm: string;
  let cookie: string;

  beforeAll(async () => {
    const authorize = await visit(RawClient.web(sample).authorizationUrl());
    cookie = authorize.cookie ?? '';
    signInPath = new URL(authorize.location ?? '').pathname;
    const csrf_token = csrfTokenOf(await visit(authorize.location ?? '', cookie));
    const fields = { csrf_token, username: 'alice', password: sample.userPassword };
    signInForm = new URLSearchParams(fields).toString();
  });

  const texts: [string, () => string][] = [
    ['a token request', () => formText('/token', tokenForm())],
    ['the JWKS', () => requestText(`GET ${jwks}`, {})],
    ['the form of the sign-in', () => formText(signInPath, signInForm, { Cookie: cookie })],
    ['the page of the sign-in', () => requestText(`GET ${signInPath}`, { Cookie: cookie })],
    [
      'an authorization request',
      () => requestText(`GET ${RawClient.web(sample).authorizationUrl().pathname}`, {}),
    ],
    ['the stylesheet', () => requestText('GET /style.css', {})],
  ];

  it.each(texts)('in the middle of %s', async (_name, text) => {
    for (let count = 0; count < 5; count += 1) {
      const connection = await RawConnection.open(sample);
      connection.send(half(text()));
      // Only when this one is answered has the server surely read the half.
      await visit(`${sample.issuer}${jwks}`);
      connection.destroy();
    }
  });

  it.each(texts)('between %s and the answer', async (_name, text) => {
    for (let count = 0; count < 5; count += 1) {
      const connection = await RawConnection.open(sample);
      connection.send(text());
      if (count > 0) await visit(`${sample.issuer}${jwks}`);
      connection.destroy();
    }
  });

  it('can sign in afterwards', async () => {
    expect(await RawClient.web(sample).tokens()).toHaveProperty('id_token');
  });
});

describe('garbage', () => {
  it.each([
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'],
    ['a method that does not exist', 'MAKE /token HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two lengths', requestText('POST /token', { 'Content-Length': 5, 'content-length': 6 }, 'a=b&c=d')],
    [
      'a length and chunks',
      requestText('POST /token', { 'Content-Length': 5, 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'),
    ],
    [
      'a chunk of no size',
      formText('/token', 'zz\r\n', { 'Transfer-Encoding': 'chunked' }).replace(/Content-Length.*\r\n/, ''),
    ],
    ['a header with a line break in its name', 'GET / HTTP/1.1\r\nHost: x\r\nA\nB: c\r\n\r\n'],
    ['no host', `GET ${jwks} HTTP/1.1\r\n\r\n`],
  ])('is refused with 400: %s', async (_name, text) => {
    const connection = await answerTo(text);
    expect(connection.statuses).toEqual([400]);
    await connection.untilClosed();
  });

  it('that follows an answered request is refused with 400', async () => {
    const connection = await answerTo(requestText(`GET ${jwks}`, {}));
    connection.send('\u0000\u0001\u0002garbage\r\n\r\n');
    await connection.untilClosed();
    expect(connection.statuses).toEqual([200, 400]);
  });

  it('that is pipelined with requests harms nobody but who sent it', async () => {
    const requests = formText('/token', tokenForm()) + requestText(`GET ${jwks}`, {});
    const connection = await RawConnection.open(sample);
    connection.send(`${requests.repeat(5)}\u0000\u0001\u0002garbage\r\n\r\n`);
    await connection.untilClosed();
    for (const status of connection.statuses) expect([200, 400]).toContain(status);
  });
});

describe('too much', () => {
  it.each([
    ['one header', { 'X-Filler': 'x'.repeat(20_000) }],
    ['many headers', Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`X-Filler-${i}`, 'xx']))],
    ['a cookie', { Cookie: `session=${'x'.repeat(20_000)}` }],
  ])('is refused with 431: %s', async (_name, headers) => {
    const connection = await answerTo(requestText(`GET ${jwks}`, headers));
    expect(connection.statuses).toEqual([431]);
    await connection.untilClosed();
  });

  it('a path is refused with 431', async () => {
    expect((await answerTo(requestText(`GET /${'x'.repeat(20_000)}`, {}))).statuses).toEqual([431]);
  });

  it.each(['/token', '/introspect', '/revoke', '/authorize'])(
    'a body is refused with 413 by %s',
    async (path) => {
      expect((await answerTo(formText(path, `scope=${'x'.repeat(100_000)}`))).statuses).toEqual([413]);
    },
  );

  it('a body without a length is refused with 413', async () => {
    const chunk = `${(1000).toString(16)}\r\n${'x'.repeat(1000)}\r\n`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Transfer-Encoding': 'chunked' };
    const body = `${chunk.repeat(20)}0\r\n\r\n`;
    expect((await answerTo(requestText('POST /token', headers, body))).statuses).toEqual([413]);
  });

  it('a form of very many fields is refused with 413', async () => {
    expect((await answerTo(formText('/token', 'a&'.repeat(8000)))).statuses).toEqual([413]);
  });
});
