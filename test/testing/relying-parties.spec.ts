import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import { testKey } from 'nestjs-oidc-key/testing';

import { freshnessOf } from '../../lib/testing/rotation/freshness.js';
import { Front } from '../../lib/testing/rotation/front.js';
import { HttpCacheParty } from '../../lib/testing/rotation/relying-parties/http-cache.js';
import { JoseParty } from '../../lib/testing/rotation/relying-parties/jose.js';
import type { RelyingParty } from '../../lib/testing/rotation/relying-parties/relying-party.js';
import type { Replica } from '../../lib/testing/rotation/replica.js';
import { SignedToken } from '../../lib/testing/rotation/signed-token.js';

/** An issuer whose JWKS a test changes, and that counts who asks. */
class Issuer {
  readonly replica: Replica;
  requests = 0;
  service: JwtService;

  private constructor(server: Server, service: JwtService) {
    this.service = service;
    const { port } = server.address() as AddressInfo;
    this.replica = { jwksUri: new URL(`http://127.0.0.1:${port}/jwks`) } as Replica;
    server.on('request', (_, response) => {
      this.requests += 1;
      response.setHeader('cache-control', 'public, max-age=3600');
      response.end(JSON.stringify(this.service.getKeySet()));
    });
  }

  static async start(): Promise<Issuer> {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return new Issuer(server, new JwtService({ key: testKey('ES256') }));
  }

  async token(now: number, service = this.service): Promise<SignedToken> {
    const text = await service.sign({}, { expiresIn: 86_400 });
    return new SignedToken(text, this.replica, { now, lifetime: 0 });
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const start = Date.now() + 5_000_000;
const second = 1000;
const minute = 60 * second;

type Make = (front: Front) => Promise<RelyingParty>;
const kinds: [name: string, make: Make, keeps: number][] = [
  ['that keeps the JWKS as its headers say', async (front) => new HttpCacheParty(front), 60 * minute],
  ['with jose', async (front) => new JoseParty(front), 10 * minute],
];

describe.each(kinds)('a relying party %s', (_, make, keeps) => {
  it('keeps what it has by the clock of the test', async () => {
    const issuer = await Issuer.start();
    const party = await make(new Front([issuer.replica]));
    const token = await issuer.token(start);
    await party.verify(token, start);
    await party.verify(token, start + keeps - second);
    expect(issuer.requests).toBe(1);
    await party.verify(token, start + keeps);
    expect(issuer.requests).toBe(2);
  });

  it('refuses a token that is old by the clock of the test', async () => {
    const issuer = await Issuer.start();
    const party = await make(new Front([issuer.replica]));
    const token = await issuer.token(start);
    await party.verify(token, start + 86_300 * second);
    await expect(party.verify(token, start + 86_401 * second)).rejects.toThrow('"exp"');
    expect(token.expiresAt - start).toBeGreaterThan(86_398 * second);
  });

  it('refuses what another key signed', async () => {
    const issuer = await Issuer.start();
    const party = await make(new Front([issuer.replica]));
    const { kid } = issuer.service.getKeySet().keys[0]!;
    const forger = new JwtService({ key: { key: testKey('ES256', 2), kid } });
    await party.verify(await issuer.token(start), start);
    await expect(party.verify(await issuer.token(start, forger), start)).rejects.toThrow();
  });

  it('asks replicas in turns', async () => {
    const [one, two] = [await Issuer.start(), await Issuer.start()];
    const party = await make(new Front([one.replica, two.replica]));
    const token = await one.token(start);
    await party.verify(token, start);
    await party.verify(token, start + keeps);
    expect([one.requests, two.requests]).toEqual([1, 1]);
  });
});

describe('of a kid that it does not know', () => {
  const unknown = async (make: Make, later: number) => {
    const issuer = await Issuer.start();
    const party = await make(new Front([issuer.replica]));
    await party.verify(await issuer.token(start), start);
    issuer.service = new JwtService({ key: testKey('ES256', 2), previousKeys: testKey('ES256') });
    await party.verify(await issuer.token(start), start + later);
    return issuer.requests;
  };
  const [[, httpCache], [, jose]] = kinds as [(typeof kinds)[0], (typeof kinds)[0]];

  it('the one with the headers does not ask', async () => {
    await expect(unknown(httpCache, 59 * minute)).rejects.toThrow('no applicable key found');
    await expect(unknown(httpCache, 60 * minute)).resolves.toBe(2);
  });

  it('jose asks once in 30 seconds', async () => {
    await expect(unknown(jose, 29 * second)).rejects.toThrow('no applicable key found');
    await expect(unknown(jose, 31 * second)).resolves.toBe(2);
  });
});

it.each([
  ['public, max-age=3600', '', 3600],
  ['max-age=60, s-maxage=600', '', 600],
  ['max-age=60, stale-while-revalidate=30', '', 90],
  ['MAX-AGE="60"', '', 60],
  ['max-age=3600', '600', 3000],
  ['max-age=60', '600', 0],
  ['max-age=3600, no-store', '', 0],
  ['no-cache', '', 0],
  ['', '', 0],
  ['max-age=soon', '', 0],
])('a cache keeps an answer with "%s" and the age "%s" for %d s', (cacheControl, age, seconds) => {
  const headers = { ...(cacheControl && { 'cache-control': cacheControl }), ...(age && { age }) };
  expect(freshnessOf(new Response('', { headers }))).toBe(seconds);
});
