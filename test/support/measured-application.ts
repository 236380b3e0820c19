import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyStore } from 'nestjs-oidc-key';
import { KeyStoreError } from 'nestjs-oidc-key/stores';

import { PublicJwks } from '../../lib/rotation/public-jwks/public-jwks.js';
import { configurationOf } from './configuration.js';
import { rejectionOf } from './errors.js';
import { jwkOf } from './key-sets.js';
import type { KeyOfTest } from './key-sets.js';
import { ecKey } from './lives.js';
import { boot } from './platforms.js';
import { until } from './waiting.js';

const jwks = '/.well-known/jwks.json';
const hour = 3600;
const now = Math.floor(Date.now() / 1000);

/** Instants are seconds from now. */
const entry = ({ iat, nbf, exp, ...key }: KeyOfTest) => ({
  ...jwkOf(key),
  ...Object.fromEntries(
    Object.entries({ iat, nbf, exp }).flatMap(([name, at]) => (at === undefined ? [] : [[name, now + at]])),
  ),
});

/** Old signed an hour ago, current does, and next will in an hour. */
export const keySet = {
  keys: [
    entry({ kid: 'old', isPublic: true, iat: -9 * hour, nbf: -8 * hour, exp: 30 * 24 * hour }),
    entry({ kid: 'current', iat: -3 * hour, nbf: -hour }),
    entry({ kid: 'next', iat: -60, nbf: 2 * hour }),
  ],
};

/** What a cache has of it. */
const ofCdn = keySet.keys.map((jwk) => ({
  ...jwk,
  d: undefined,
  kid: jwk.kid === 'next' ? 'stranger' : jwk.kid,
}));

/** A store in memory that fails while it is told to. */
export class FailingStore implements KeyStore {
  text = JSON.stringify(keySet);
  error: Error | undefined;

  read() {
    return this.error
      ? Promise.reject(this.error)
      : Promise.resolve({ text: this.text, version: String(this.text.length) });
  }

  write(text: string) {
    this.text = text;
    return Promise.resolve(true);
  }
}

/** A KMS in this process that fails while it is told to. */
export class FailingSigner {
  readonly #key: KeyObject = ecKey();
  fails = false;
  readonly publicKey = createPublicKey(this.#key);

  readonly sign = async (data: Buffer) => {
    if (this.fails) throw new Error('down');
    return sign('sha256', data, { key: this.#key, dsaEncoding: 'ieee-p1363' });
  };
}

export interface MeasuredApplication {
  readonly app: INestApplication;
  readonly store: FailingStore;
  readonly signer: FailingSigner;
  readonly jwt: JwtService;
  readonly rotation: KeyRotation;
  readonly held: JwtService;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

interface Services {
  readonly jwt: JwtService;
  readonly rotation: KeyRotation;
}

const MAIN = Symbol('MAIN');
const PARTNER = Symbol('PARTNER');

/** What a module sees, where there are two of everything. */
const servicesOf = (provide: symbol) => ({
  provide,
  useFactory: (jwt: JwtService, rotation: KeyRotation): Services => ({ jwt, rotation }),
  inject: [JwtService, KeyRotation],
});

/**
 * Two issuers: one whose keys are a key set in a store, and which has looked at its public JWKS, where `next` is missing
 * and a stranger is; and one whose key a KMS holds.
 */
export async function startMeasured(
  adapter: AbstractHttpAdapter,
  reader: DynamicModule | Type,
): Promise<MeasuredApplication> {
  const store = new FailingStore();
  const signer = new FailingSigner();

  @Module({
    imports: [
      OidcKeyModule.forRoot({
        key: { key: signer.publicKey, kid: 'held', signer },
        jwks: false,
        issuerName: 'partner',
      }),
    ],
    providers: [servicesOf(PARTNER)],
  })
  class Partner {}

  const cdn = createServer((_, response) => response.end(JSON.stringify({ keys: ofCdn })));
  await new Promise<void>((resolve) => cdn.listen(0, '127.0.0.1', resolve));
  // A boot that is to fail leaves it open.
  cdn.unref();
  const publicJwksUri = `http://127.0.0.1:${(cdn.address() as AddressInfo).port}`;
  // It would look at a moment of the first minute that chance picks.
  const start = jest.spyOn(PublicJwks.prototype, 'start').mockImplementation(function (this: PublicJwks) {
    void this.look();
  });
  const { app, fetch } = await boot(adapter, {
    imports: [
      configurationOf({}),
      OidcKeyModule.forRoot({ store, publicJwksUri, isGlobal: true }),
      Partner,
      reader,
    ],
    providers: [servicesOf(MAIN)],
  }).finally(() => start.mockRestore());
  const { jwt, rotation } = app.get<Services>(MAIN);
  await until(() => rotation.status().publicJwks?.seenAt !== undefined);
  cdn.close();
  cdn.closeAllConnections();
  return {
    app,
    store,
    signer,
    jwt,
    rotation,
    held: app.get<Services>(PARTNER, { strict: false }).jwt,
    fetch,
  };
}

/**
 * What an issuer goes through: three signatures by `current` and a fourth that no key can make; of tokens two good, one
 * expired, one forged, one of an unknown key; the JWKS twice whole and once unchanged; a rotation's write, and a reload
 * that fails; and of `held` two signatures and one that its KMS does not make.
 */
export async function haveTraffic(application: MeasuredApplication): Promise<void> {
  const { jwt, held, fetch, rotation, store, signer } = application;
  const good = await jwt.sign({ sub: 'alice' });
  const expired = await jwt.sign({ sub: 'alice', exp: 1 });
  await jwt.sign({ sub: 'bob' });
  await rejectionOf(jwt.sign({ sub: 'bob' }, { algorithm: 'RS256' }));
  await jwt.verify(good);
  await jwt.verify(good);
  await rejectionOf(jwt.verify(expired));
  await rejectionOf(jwt.verify(`${good.slice(0, -4)}AAAA`));
  await rejectionOf(jwt.verify(tokenNaming('kid-of-an-attacker', good)));

  const { headers } = await fetch(jwks);
  await fetch(jwks);
  await fetch(jwks, { headers: { 'if-none-match': headers.get('etag')! } });

  store.error = new KeyStoreError('KEY_STORE_UNREACHABLE', 'The store is down.', { isTransient: true });
  await rotation.reload();
  store.error = undefined;

  await held.sign({ sub: 'alice' });
  await held.sign({ sub: 'alice' });
  signer.fails = true;
  await rejectionOf(held.sign({ sub: 'alice' }));
}

/** A token whose header names a key, with the payload and the signature of another one. */
export function tokenNaming(kid: string, token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid })).toString('base64url');
  return [header, ...token.split('.').slice(1)].join('.');
}
