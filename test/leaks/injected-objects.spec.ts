import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { FileKeySource, JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { settingsSource } from '../../lib/sources/settings.source.js';
import { everythingPrintedOf } from '../support/errors.js';
import { keyObjectsWithin } from '../support/key-objects.js';
import { jwkOf } from '../support/keys.js';
import { keysIn } from '../support/loaded.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { reachableFrom } from '../support/reachable.js';
import {
  configuration,
  encryptedPem,
  keys,
  options,
  passphrase,
  searchFor,
  settings,
} from './seeded-keys.js';

const search = searchFor();

const ways: [string, () => DynamicModule][] = [
  ['settings', () => OidcKeyModule.forRootAsync()],
  ['options', () => OidcKeyModule.forRoot(options)],
  ['a factory', () => OidcKeyModule.forRootAsync({ useFactory: () => options })],
  [
    'a class',
    () =>
      OidcKeyModule.forRootAsync({
        useClass: class {
          createOidcKeyOptions = () => options;
        },
      }),
  ],
];

/** What the module gives out, and what is reached from there by members that TypeScript hides and JavaScript does not. */
function givenOutBy(app: INestApplication): [string, object][] {
  const rotation = app.get(KeyRotation);
  const { ring } = rotation;
  return [
    ['OidcKeyModule', app.get(OidcKeyModule)],
    ['JwtService', app.get(JwtService)],
    ['KeyInfo', app.get(KeyInfo)],
    ['KeyRotation', rotation],
    ['the ring', ring],
    ['the key that signs', ring.signingKey()],
    ['what it signs with', ring.signingKey().signer],
    ['the keys of every slot', ring.keys],
    ['a next key', keysIn(ring, 'next')[0]!],
    ['a previous key', keysIn(ring, 'previous')[0]!],
    ['the JWKS', app.get(JwtService).getKeySet()],
    ['the rendered JWKS', ring.jwks],
    ['the status', rotation.status()],
    ['the events', rotation.events$],
    ['a service without Nest', new JwtService({ key: keys.rsa, nextKeys: jwkOf(keys.ec) })],
    ['a source', FileKeySource.inDirectory('/run/secrets/oidc')],
  ];
}

describe.each(ways)('where the keys come from %s', (_, module) => {
  let app: INestApplication;
  const start = async (adapter: (typeof platforms)[number][1]) =>
    (await boot(adapter(), { imports: [configuration(), module()] })).app;

  beforeAll(async () => {
    app = await start(platforms[0]![1]);
  });
  afterAll(closeAll);

  it('nothing private is printed, written as JSON, spread, listed or reached', () => {
    for (const [name, object] of givenOutBy(app)) {
      const told = [
        everythingPrintedOf(object),
        everythingPrintedOf(Object.entries(object)),
        everythingPrintedOf({ ...object }),
      ];
      expect([name, search.in(told.join('\n'))]).toEqual([name, []]);
      expect([name, keyObjectsWithin(object).filter(({ type }) => type !== 'public')]).toEqual([name, []]);
    }
  });

  it('nothing private is cloned or serialized', () => {
    for (const [name, object] of givenOutBy(app)) {
      for (const clone of [structuredClone, (value: object) => serialize(value)]) {
        const copy = clonedBy(clone, object);
        expect([name, search.in(Buffer.isBuffer(copy) ? copy : everythingPrintedOf(copy))]).toEqual([
          name,
          [],
        ]);
      }
    }
  });

  it('nothing private reaches a worker', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const { inspect } = require('node:util');
       const whole = { depth: Infinity, showHidden: true, getters: true, maxArrayLength: Infinity, maxStringLength: Infinity };
       parentPort.on('message', (value) => parentPort.postMessage(inspect(value, whole) + JSON.stringify(value)));`,
      { eval: true },
    );
    try {
      const told = async (message: unknown) => {
        const answer = once(worker, 'message');
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
        worker.postMessage(message);
        return ((await answer) as [string])[0];
      };
      for (const [name, object] of givenOutBy(app)) {
        const sendable = clonedBy(structuredClone, object);
        if (sendable instanceof Error) expect(search.in(everythingPrintedOf(sendable))).toEqual([]);
        else expect([name, search.in(await told(object))]).toEqual([name, []]);
      }
      expect(await told(app.get(KeyRotation).ring)).toContain(app.get(KeyInfo).kid);
      expect(search.in(await told({ jwk: jwkOf(keys.ec) }))).not.toEqual([]);
    } finally {
      await worker.terminate();
    }
  });
});

function clonedBy(clone: (value: object) => unknown, object: object): unknown {
  try {
    return clone(object);
  } catch (error) {
    // Refusing to be cloned keeps a secret as well.
    return error;
  }
}

describe.each(platforms)('the application on %s', (_, adapter) => {
  afterEach(closeAll);

  // The settings are ConfigService's own, which whoever has the application may ask for them.
  it.each(ways.filter(([name]) => name === 'options' || name === 'a factory'))(
    'holds nothing private where whoever has it can reach, with keys from %s',
    async (__, module) => {
      const { app } = await boot(adapter(), { imports: [module()] });
      const reached = reachableFrom(app);
      expect(reached.includes(app.get(KeyRotation))).toBe(true);
      expect(search.in(textIn(reached))).toEqual([]);
      expect(reached.filter((value) => keys.ed25519 === value)).toEqual([]);
    },
  );

  it('would be caught if it did', async () => {
    const { app } = await boot(adapter(), {
      providers: [{ provide: 'KEY', useValue: { pem: encryptedPem } }],
    });
    expect(search.in(textIn(reachableFrom(app)))).not.toEqual([]);
  });
});

/** Every string and every byte among these values. */
function textIn(values: unknown[]): string {
  return values
    .map((value) => {
      if (typeof value === 'string' || typeof value === 'symbol') return String(value);
      return ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
        : '';
    })
    .join('\n');
}

it('nothing private is printed of what a source of settings or files gives', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-leaks-'));
  writeFileSync(join(folder, 'current.pem'), settings.OIDC_PRIVATE_KEY);
  writeFileSync(join(folder, 'next.pem'), settings.OIDC_NEXT_KEYS);
  writeFileSync(join(folder, 'passphrase'), passphrase);
  const values: Record<string, string> = settings;
  for (const source of [
    settingsSource({ get: (name) => values[name] }, 'OIDC_'),
    FileKeySource.inDirectory(folder),
  ]) {
    const slots = await source.load(new AbortController().signal);
    const { lives } = await new KeyLoader().load(slots, {});
    expect(lives.length).toBeGreaterThan(2);
    for (const given of [slots, lives, source]) {
      const copy = clonedBy(structuredClone, given);
      expect(search.in(everythingPrintedOf(given) + everythingPrintedOf(copy))).toEqual([]);
      expect(keyObjectsWithin(given).filter(({ type }) => type !== 'public')).toEqual([]);
    }
  }
});

it('the walk finds what is hidden', () => {
  expect(keyObjectsWithin({ [Symbol('hidden')]: [{ key: keys.ec }] })).toEqual([keys.ec]);
  expect(search.in(everythingPrintedOf({ jwk: jwkOf(keys.ec) }))).not.toEqual([]);
  expect(inspect(keys.ec)).toContain('private');
});
