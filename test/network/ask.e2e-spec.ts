import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { afterAll, describe, expect, it } from '@jest/globals';

import { isAnswer } from '../../lib/network/answer.js';
import type { Answer, NoAnswer } from '../../lib/network/answer.js';
import { ask } from '../../lib/network/ask.js';
import type { AskOptions } from '../../lib/network/ask.js';
import { checkedLookup } from '../../lib/network/checked-lookup.js';
import { isPrivateAddress } from '../../lib/network/private-addresses.js';
import { certificateFor } from '../support/certificate.js';
import { ca, closeServers, listen, names } from '../doctor/sound-issuer.js';

afterAll(closeServers);

const failureOf = (answer: Answer | NoAnswer) =>
  isAnswer(answer) ? `status ${answer.status}` : answer.failure;
const textOf = (answer: Answer | NoAnswer) => (isAnswer(answer) ? answer.body.toString() : answer.failure);
const askFor = (address: string, options: AskOptions = {}) => ask(address, { deadline: 2000, ...options });
const redirecting = async (location: string) => {
  const port = await listen((request, response) => {
    if (request.url === '/there') response.end('there');
    else response.writeHead(302, { location }).end();
  });
  return `http://127.0.0.1:${port}/`;
};

describe('what is asked for', () => {
  it('a document, by a request with nothing of its own', async () => {
    const seen: unknown[] = [];
    const port = await listen(({ method, headers }, response) => {
      seen.push([method, headers]);
      response.writeHead(200, { Age: '7' }).end('{"keys":[]}');
    });
    const answer = (await askFor(`http://127.0.0.1:${port}/jwks`)) as Answer;
    expect(answer).toMatchObject({
      status: 200,
      redirects: [],
      url: new URL(`http://127.0.0.1:${port}/jwks`),
    });
    expect(answer.headers).toMatchObject({ age: '7', date: expect.any(String) });
    expect(answer.body.toString()).toBe('{"keys":[]}');
    expect(answer.answeredAt).toBeGreaterThanOrEqual(answer.askedAt);
    expect(seen).toEqual([
      [
        'GET',
        {
          accept: 'application/jwk-set+json, application/json',
          'accept-encoding': 'gzip, deflate, br',
          'user-agent': 'nestjs-oidc-key',
          host: `127.0.0.1:${port}`,
          connection: expect.any(String),
        },
      ],
    ]);
  });

  it.each([
    ['http on another machine', 'http://login.example/jwks'],
    ['http at a private address', 'http://10.0.0.1/jwks'],
    ['another protocol', 'file:///etc/passwd'],
    ['a password', 'https://user:password@login.example/jwks'],
    ['no address', 'jwks'],
  ])('is refused: %s', async (_, address) => {
    const answer = await askFor(address);
    expect(failureOf(answer)).toBe('refused');
    expect(JSON.stringify(answer)).not.toContain('password@');
  });
});

describe('redirects', () => {
  it('are followed on the same host, and told', async () => {
    const address = await redirecting('/there#part');
    const answer = await askFor(address);
    expect(textOf(answer)).toBe('there');
    expect(answer.redirects.map(String)).toEqual([`${address}there`]);
  });

  it.each([
    ['a private address', 'https://10.0.0.1/', 'private'],
    ['what clouds answer with credentials', 'https://169.254.169.254/latest', 'private'],
    ['the machine itself, under another name', 'http://localhost:1/', 'private'],
    ['the machine itself, in IPv6', 'http://[::1]:1/', 'private'],
    ['the machine itself, in other digits', 'https://2130706434/', 'private'],
    ['IPv4 in IPv6', 'https://[::ffff:10.0.0.1]/', 'private'],
    ['a unique local address', 'https://[fd00::1]/', 'private'],
    ['a name that leads to the machine itself', 'https://localhost/', 'private'],
    ['http elsewhere', 'http://login.example/', 'refused'],
    ['a file', 'file:///etc/passwd', 'refused'],
    ['no address', 'https://', 'garbled'],
  ])('are not followed to %s', async (_, location, failure) => {
    expect(failureOf(await askFor(await redirecting(location)))).toBe(failure);
  });

  it('are followed to another host whose address the caller gives', async () => {
    const port = await listen((_, response) => response.end('elsewhere'), true);
    const first = await listen(
      (_, response) => response.writeHead(307, { location: `https://${names.other}:${port}/` }).end(),
      true,
    );
    const resolve = new Map([
      [names.issuer, '127.0.0.1'],
      [names.other, '127.0.0.1'],
    ]);
    expect(textOf(await askFor(`https://${names.issuer}:${first}/`, { resolve, ca }))).toBe('elsewhere');
  });

  it('end after a few', async () => {
    expect(failureOf(await askFor(await redirecting('/')))).toBe('circle');
  });
});

describe('names', () => {
  it('are looked up once, and what was looked at is what is connected to', async () => {
    const refused: string[] = [];
    const lookup = checkedLookup(undefined, (address) => {
      refused.push(address);
      return isPrivateAddress(address) ? 'is private' : undefined;
    });
    const error = await new Promise((resolve) => {
      lookup('localhost', { all: true }, resolve);
    });
    expect(error).toMatchObject({ message: 'is private' });
    expect(refused.length).toBeGreaterThan(0);
  });

  it('TLS is for the name, whatever address is asked', async () => {
    const port = await listen((_, response) => response.end('fine'), true);
    const resolve = (host: string) => new Map([[host, '127.0.0.1']]);
    const at = (host: string) => askFor(`https://${host}:${port}/`, { resolve: resolve(host), ca });
    expect(textOf(await at(names.issuer))).toBe('fine');
    expect(failureOf(await at('stranger.example'))).toBe('certificate');
  });

  it('authorities are beside those of NODE_EXTRA_CA_CERTS', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'oidc-key-ca-')), 'ca.pem');
    writeFileSync(file, ca);
    const before = process.env.NODE_EXTRA_CA_CERTS;
    process.env.NODE_EXTRA_CA_CERTS = file;
    try {
      const port = await listen((_, response) => response.end('fine'), true);
      const resolve = new Map([[names.issuer, '127.0.0.1']]);
      const other = certificateFor('else.example').cert;
      expect(textOf(await askFor(`https://${names.issuer}:${port}/`, { resolve, ca: other }))).toBe('fine');
    } finally {
      if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
      else process.env.NODE_EXTRA_CA_CERTS = before;
    }
  });

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.2',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::10.0.0.1',
    '::ffff:192.168.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'fe80::1%eth0',
    'fec0::1',
    'fd12::1',
    'ff02::1',
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '::ffff:8.8.8.8', '2606:4700::1111'])(
    '%s is public',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('bodies', () => {
  const serving = async (headers: Record<string, string>, content: Buffer) =>
    `http://127.0.0.1:${await listen((_, response) => response.writeHead(200, headers).end(content))}/`;
  const packers = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const;

  it.each(packers)('are unpacked: %s', async (encoding, pack) => {
    const address = await serving({ 'content-encoding': encoding }, pack('{"keys":[]}'));
    expect(textOf(await askFor(address))).toBe('{"keys":[]}');
  });

  it.each(packers)('are bounded as they are unpacked: %s', async (encoding, pack) => {
    const packed = pack(Buffer.alloc(50_000_000));
    expect(packed.length).toBeLessThan(100_000);
    expect(failureOf(await askFor(await serving({ 'content-encoding': encoding }, packed)))).toBe('large');
  });

  it.each([
    [1_000_000, 'status 200'],
    [1_000_001, 'large'],
  ])('of %i bytes: %s', async (bytes, outcome) => {
    expect(failureOf(await askFor(await serving({}, Buffer.alloc(bytes))))).toBe(outcome);
  });

  it('are taken as they are where nobody knows how they are packed', async () => {
    const address = await serving({ 'content-encoding': 'constructor' }, Buffer.from('{}'));
    expect(textOf(await askFor(address))).toBe('{}');
  });

  it('that never end are left', async () => {
    const port = await listen((_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect(failureOf(await askFor(`http://127.0.0.1:${port}/`))).toBe('large');
  });

  it('that drip are left at the deadline', async () => {
    const port = await listen((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const answer = await askFor(`http://127.0.0.1:${port}/`, { deadline: 300 });
    expect(answer).toMatchObject({ failure: 'late', reason: 'gave no whole answer within 0.3 s' });
  });

  it('without a length are no answer where they do not end by the deadline', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"keys":[]}');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    const { port } = server.address() as AddressInfo;
    expect(failureOf(await askFor(`http://127.0.0.1:${port}/`, { deadline: 300 }))).toBe('late');
  });

  it('that are cut short are no answer', async () => {
    const port = await listen((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await askFor(`http://127.0.0.1:${port}/`)).toMatchObject({
      failure: 'garbled',
      reason: 'cuts its answer off',
    });
  });
});

describe('servers', () => {
  async function speaking(words: string): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).end(words);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    server.unref();
    return `http://127.0.0.1:${port}/`;
  }

  it('that speak no HTTP', async () => {
    expect(failureOf(await askFor(await speaking('220 mail.example ESMTP\r\n')))).toBe('garbled');
  });

  it('that switch to another protocol', async () => {
    const words = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const answer = await askFor(await speaking(words));
    expect(answer).toMatchObject({
      failure: 'garbled',
      reason: 'answers by switching to another protocol',
    });
  });

  it('that say nothing within the deadline', async () => {
    const port = await listen(() => undefined);
    expect(failureOf(await askFor(`http://127.0.0.1:${port}/`, { deadline: 200 }))).toBe('late');
  });

  it('that are not there', async () => {
    expect(failureOf(await askFor('http://127.0.0.1:1/'))).toBe('unreachable');
  });

  it('whose name nobody knows', async () => {
    expect(['unreachable', 'late']).toContain(failureOf(await askFor('https://nobody.invalid/')));
  });
});
