import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { PublicJwks } from '../../lib/rotation/public-jwks/public-jwks.js';
import { FakeClock } from '../support/lives.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { boot, closeAll } from '../support/platforms.js';

const [key, other] = [makeRsaKey(), makeRsaKey()];
const [jwk, otherJwk] = [key, other].map((each) => new JwtService({ key: each }).getKeySet().keys[0]!);
const own = [jwk!, otherJwk!];
const propagation = 60_000;

let answer: RequestListener;
let server: Server;
let uri: string;
let clock: FakeClock;
let said: string[];
let jwks: PublicJwks;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json?key=of-a-cdn`;
  clock = new FakeClock(Date.parse('2030-01-01T00:00:00Z'));
  said = [];
  const warn = (message: string) => void said.push(message);
  jwks = new PublicJwks({ uri, own: () => own, clock: () => clock.now, propagation, warn });
});
afterEach(async () => {
  jwks.close();
  await closeAll();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const serving =
  (keys: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(200, headers).end(typeof keys === 'string' ? keys : JSON.stringify({ keys }));

const failing =
  (status: number): RequestListener =>
  (_, response) =>
    response.writeHead(status).end('{"keys":[]}');

type Expected = Partial<ReturnType<PublicJwks['status']>>;
const kids = own.map(({ kid }) => kid);
const failure = (message: string) => ({ message, since: new Date(clock.wall) });

const answers: [what: string, RequestListener, () => Expected][] = [
  ['the same document', serving(own), () => ({ missing: [], others: [], age: 0, failure: undefined })],
  ['the same keys in another order', serving(own.toReversed()), () => ({ missing: [], others: [] })],
  ['an older document', serving([jwk], { age: '120' }), () => ({ missing: [kids[1]!], age: 120 })],
  ['a key of somebody else', serving([...own, { ...jwk, kid: 'x' }]), () => ({ missing: [], others: ['x'] })],
  [
    'another key under our kid',
    serving([{ ...otherJwk, kid: kids[0] }, otherJwk]),
    () => ({ missing: [kids[0]!], others: [] }),
  ],
  ['keys that are no objects', serving([null, 7, ...own]), () => ({ missing: [], others: [] })],
  ['an Age that is no number', serving(own, { age: 'old' }), () => ({ age: 0 })],
  ['a page', serving('<html>'), () => ({ failure: failure('answers with something that is no JWK Set') })],
  ['no list of keys', serving({}), () => ({ failure: failure('answers with something that is no JWK Set') })],
  ['a status of failure', failing(503), () => ({ failure: failure('answers with the status 503') })],
];

describe('the JWKS at the public address', () => {
  it.each(answers)('that is %s is told as such', async (_, listener, expected) => {
    answer = listener;
    await jwks.look();
    expect(jwks.status(clock.now)).toMatchObject(expected());
  });

  it('that nobody serves is told, with what was seen last', async () => {
    answer = serving([jwk]);
    await jwks.look();
    const seenAt = new Date(clock.wall);
    answer = (request) => request.socket.destroy();
    clock.monotonic += 1000;
    await jwks.look();
    expect(jwks.status(clock.now)).toMatchObject({
      seenAt,
      missing: [kids[1]],
      failure: { message: expect.stringContaining('cannot be reached'), since: new Date(clock.wall) },
    });
  });

  const wrongs: [string, RequestListener, string][] = [
    ['lacks a key', serving([jwk]), `lacks key ${kids[1]}`],
    ['has a key too many', serving([...own, { ...jwk, kid: 'x' }]), 'has key x'],
    ['fails', failing(500), 'cannot be had'],
  ];

  it.each(wrongs)('that %s is warned of once it takes longer than a change may', async (_, wrong, text) => {
    answer = wrong;
    await jwks.look();
    clock.monotonic += propagation - 1;
    await jwks.look();
    expect([said, jwks.warnings(clock.now)]).toEqual([[], []]);
    clock.monotonic += 1;
    await jwks.look();
    await jwks.look();
    expect(said).toEqual([expect.stringContaining(text)]);
    expect(jwks.warnings(clock.now)).toEqual(said);
    // The query of an address may hold a key of a CDN.
    expect(said.join()).not.toContain('of-a-cdn');
    answer = serving(own);
    clock.monotonic += propagation - 1;
    await jwks.look();
    expect(jwks.warnings(clock.now)).toEqual(said);
    clock.monotonic += 1;
    expect(jwks.warnings(clock.now)).toEqual([]);
    answer = wrong;
    await jwks.look();
    expect(jwks.warnings(clock.now)).toEqual([]);
  });

  it.each(wrongs)('that %s now and then is warned of as well', async (_, wrong, text) => {
    for (let look = 0; look < 12; look++) {
      answer = look % 3 === 0 ? wrong : serving(own);
      await jwks.look();
      clock.monotonic += propagation / 8;
    }
    expect(said).toEqual([expect.stringContaining(text)]);
  });

  it('that lacks a key for as long as a change goes round is not warned of, then or later', async () => {
    answer = serving([jwk]);
    await jwks.look();
    answer = serving(own);
    for (let look = 0; look < 12; look++) {
      clock.monotonic += propagation / 4;
      await jwks.look();
    }
    expect([said, jwks.warnings(clock.now)]).toEqual([[], []]);
  });

  it('is asked for again and again', async () => {
    let requests = 0;
    const twice = new Promise<void>((resolve) => {
      answer = (request, response) => {
        if (++requests === 2) resolve();
        serving(own)(request, response);
      };
    });
    const often = new PublicJwks({
      uri,
      own: () => own,
      clock: () => clock.now,
      propagation,
      warn: () => undefined,
      interval: 5,
    });
    often.start();
    await twice;
    often.close();
  });

  it('is waited for no longer than the application lives', async () => {
    const gone = new Promise((resolve) => {
      answer = (request) => void request.socket.on('close', resolve);
    });
    const looking = jwks.look();
    await wait(50);
    jwks.close();
    await Promise.all([looking, gone]);
    expect(jwks.status(clock.now)).toMatchObject({ seenAt: undefined, failure: undefined });
  });
});

it('an application with publicJwksUri has what it sees there in its status', async () => {
  answer = serving([jwk]);
  const { app } = await boot(new ExpressAdapter(), {
    imports: [
      OidcKeyModule.forRootAsync({
        useFactory: () => ({ key: pemOf(key), nextKeys: pemOf(other), publicJwksUri: uri }),
      }),
    ],
  });
  const rotation = app.get(KeyRotation);
  expect(rotation.status().publicJwks).toMatchObject({ seenAt: undefined, missing: [], others: [] });
});

it.each(['http://login.example/jwks.json', 'login.example', '', 5, 'https://user:pass@login.example/'])(
  'publicJwksUri %j stops the boot',
  async (publicJwksUri) => {
    const module = OidcKeyModule.forRootAsync({
      useFactory: () => ({ key: pemOf(key), publicJwksUri: publicJwksUri as string }),
    });
    await expect(boot(new ExpressAdapter(), { imports: [module] })).rejects.toMatchObject({
      code: 'OIDC_KEY_INVALID_OPTION',
      message: expect.stringContaining('"publicJwksUri"'),
    });
  },
);
