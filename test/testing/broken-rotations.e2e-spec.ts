import type { ServerResponse } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, UnauthorizedException } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyOptions } from 'nestjs-oidc-key';
import { MemoryKeyStore, testKey, withRotation } from 'nestjs-oidc-key/testing';
import type { BrokenRotationCode, BrokenRotationError } from 'nestjs-oidc-key/testing';

import { LiveRing } from '../../lib/core/jwt/jwt.service.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

afterEach(closeAll);

const [k1, k2] = [testKey('ES256', 1), testKey('ES256', 2)];
const kidOf = (key: string) => new JwtService({ key }).getKeySet().keys[0]!.kid;

/** What a broken application is made of. */
interface Broken {
  readonly options?: OidcKeyOptions;
  /** Serves the JWKS in the place of the module. */
  readonly controller?: Type<object>;
  readonly jwt?: JwtService | InPlaceOfJwtService;
  readonly setUp?: (app: INestApplication) => void;
}

interface InPlaceOfJwtService {
  readonly useFactory: (rotation: KeyRotation) => JwtService;
  readonly inject: [typeof KeyRotation];
}

type Start = (broken?: Broken) => Promise<INestApplication>;

const jwksPath = '/.well-known/jwks.json';

/** A controller that serves whatever it makes of the keys. */
function serving(answer: (jwt: JwtService, keys: KeyInfo) => object): Type<object> {
  @Controller()
  class OwnJwksController {
    constructor(
      @Inject(JwtService) readonly jwt: JwtService,
      @Inject(KeyInfo) readonly keys: KeyInfo,
    ) {}

    @Get(jwksPath)
    serve(): object {
      return answer(this.jwt, this.keys);
    }
  }
  return OwnJwksController;
}

const servingAsAtBoot = () => {
  let first: object | undefined;
  return serving((jwt) => (first ??= jwt.getKeySet()));
};

/** A service that signs with the keys of the module, and verifies with those of the boot. */
function acceptingAsAtBoot(): InPlaceOfJwtService {
  return {
    useFactory: (rotation: KeyRotation) => {
      const before = new JwtService({ key: k1 });
      class Forgetful extends JwtService {
        override verify(token: string) {
          return before.verify(token).catch(() => super.verify(token));
        }
      }
      return new Forgetful(new LiveRing(() => rotation.ring) as never);
    },
    inject: [KeyRotation],
  };
}

/** What a proxy in front of the application does to a header. */
const withCacheControl = (value: string) => (app: INestApplication) => {
  app.use((_: unknown, response: ServerResponse, next: () => void) => {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = ((status: number, headers: Record<string, unknown> = {}) => {
      for (const [name, member] of Object.entries(headers)) response.setHeader(name, member as string);
      response.setHeader('cache-control', value);
      return writeHead(status);
    }) as ServerResponse['writeHead'];
    next();
  });
};

/** What a limit of requests does, at any of those who ask. */
const withLimit = (most: number) => (app: INestApplication) => {
  let requests = 0;
  app.use((_: unknown, response: ServerResponse, next: () => void) => {
    requests += 1;
    if (requests <= most) return next();
    response.statusCode = 429;
    return response.end();
  });
};

/** A document as a tool of one's own writes it; instants in seconds from now. */
const documentOf = (...keys: readonly [text: string, instants: Record<string, number>][]) => {
  const now = Math.floor(Date.now() / 1000);
  const jwks = keys.map(([text, instants]) => {
    const jwk = JSON.parse(new MemoryKeyStore(text).text!) as object;
    return { ...jwk, ...Object.fromEntries(Object.entries(instants).map(([name, at]) => [name, now + at])) };
  });
  return JSON.stringify({ keys: jwks });
};
/** PS256 has keys as JWKs; a kid tells them apart. */
const jwkNamed = (kid: string, number: number) =>
  JSON.stringify({ ...(JSON.parse(testKey('PS256', number)) as object), kid });

type Row = [
  title: string,
  code: BrokenRotationCode,
  says: string | RegExp,
  test: (start: Start) => Promise<void>,
];

/** Each of them is a rotation that somebody has done. */
const rows: Row[] = [
  [
    'a deploy shortens the max-age, and caches keep what they fetched before for a day',
    'SIGNS_TOO_EARLY',
    'may keep it for another',
    async (start) => {
      const store = new MemoryKeyStore(k1);
      const rotation = await withRotation(await start({ options: { store, jwksMaxAge: 86_400 } }));
      await rotation.deploy(await start({ options: { store, jwksMaxAge: 300 } }));
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'another key signs at once, and a key that signs no more is revoked with the same write',
    'SIGNS_TOO_EARLY',
    'may keep it for another',
    async (start) => {
      const day = 86_400;
      const [old, first] = [
        { iat: -9 * day, nbf: -9 * day, exp: 9 * day },
        { iat: -8 * day, nbf: -8 * day },
      ];
      const store = new MemoryKeyStore(documentOf([jwkNamed('a', 1), old], [jwkNamed('b', 2), first]));
      const rotation = await withRotation(await start({ options: { store } }));
      const next = documentOf(
        [jwkNamed('a', 1), { ...old, revoked: 0 }],
        [jwkNamed('b', 2), { ...first, exp: 9 * day }],
        [jwkNamed('c', 3), { iat: -7 * day, nbf: -7 * day }],
      );
      store.text = next.replace(/"revoked":(\d+)/, '"revoked":{"revoked_at":$1}');
      await rotation.advance({ minutes: 10 });
    },
  ],
  [
    'a rate limit is in front of the JWKS',
    'JWKS_UNUSABLE',
    'the answer is 429',
    async (start) => {
      const rotation = await withRotation(await start({ setUp: withLimit(30) }));
      await rotation.advance({ days: 1 });
    },
  ],
  [
    'a deploy replaces the key, and keeps the old one as previous',
    'SIGNS_TOO_EARLY',
    `refuses a token of the key ${kidOf(k2)}, which was published 0 s ago`,
    async (start) => {
      const rotation = await withRotation(await start());
      await rotation.deploy(await start({ options: { key: k2, previousKeys: k1 } }));
      await rotation.complete();
    },
  ],
  [
    'a deploy replaces the key',
    'KEY_GONE_TOO_EARLY',
    `The key ${kidOf(k1)} is no longer in the JWKS`,
    async (start) => {
      const rotation = await withRotation(await start());
      await rotation.deploy(await start({ options: { key: k2 } }));
      await rotation.complete();
    },
  ],
  [
    'the next key is published for five minutes, and caches keep a JWKS for an hour',
    'SIGNS_TOO_EARLY',
    'may keep it for another',
    async (start) => {
      const rotation = await withRotation(await start());
      await rotation.deploy(await start({ options: { key: k1, nextKeys: k2 } }));
      await rotation.advance({ minutes: 5 });
      await rotation.deploy(await start({ options: { key: k2, previousKeys: k1 } }));
    },
  ],
  [
    'the next key is published for a minute less than caches keep a JWKS',
    'SIGNS_TOO_EARLY',
    'may keep it for another 60 s',
    async (start) => {
      const rotation = await withRotation(await start());
      await rotation.advance({ minutes: 10 });
      await rotation.deploy(await start({ options: { key: k1, nextKeys: k2 } }));
      await rotation.advance({ minutes: 59 });
      await rotation.deploy(await start({ options: { key: k2, previousKeys: k1 } }));
    },
  ],
  [
    'the previous key is dropped after an hour, and its tokens live for a month',
    'KEY_GONE_TOO_EARLY',
    'lives for another 30 days',
    async (start) => {
      const rotation = await withRotation(await start({ options: { key: k1, nextKeys: k2 } }));
      await rotation.advance({ hours: 2 });
      await rotation.deploy(await start({ options: { key: k2, previousKeys: k1 } }));
      await rotation.advance({ hours: 1 });
      await rotation.deploy(await start({ options: { key: k2 } }));
    },
  ],
  [
    'tokens live for longer than the retention',
    'KEY_GONE_TOO_EARLY',
    'raise OIDC_KEY_RETENTION',
    async (start) => {
      const options = { key: k1, keyRetention: 600 };
      const rotation = await withRotation(await start({ options }), { tokenLifetime: 86_400 });
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'a tool of one’s own writes a key set whose new key signs at once',
    'SIGNS_TOO_EARLY',
    'was published 0 s ago',
    async (start) => {
      const [a, b] = [jwkNamed('a', 1), jwkNamed('b', 2)];
      const store = new MemoryKeyStore(documentOf([a, { iat: -9000, nbf: -9000 }]));
      const rotation = await withRotation(await start({ options: { store } }));
      store.text = documentOf([a, { iat: -9000, nbf: -9000, exp: 4_000_000 }], [b, { iat: -8000, nbf: -60 }]);
      await rotation.complete();
    },
  ],
  [
    'a tool of one’s own removes the old key from the key set when the new one signs',
    'KEY_GONE_TOO_EARLY',
    'The key a is no longer in the JWKS',
    async (start) => {
      const [a, b] = [jwkNamed('a', 1), jwkNamed('b', 2)];
      const store = new MemoryKeyStore(
        documentOf([a, { iat: -9000, nbf: -9000, exp: 4_000_000 }], [b, { iat: 0, nbf: 4000 }]),
      );
      const rotation = await withRotation(await start({ options: { store } }));
      await rotation.promote();
      store.text = documentOf([b, { iat: 0, nbf: 4000 }]);
      await rotation.complete();
    },
  ],
  [
    'another key gets the kid of the one before',
    'KID_REUSED',
    'The kid main is another key than before',
    async (start) => {
      const rotation = await withRotation(await start({ options: { key: { key: k1, kid: 'main' } } }));
      await rotation.deploy(await start({ options: { key: { key: k2, kid: 'main' } } }));
    },
  ],
  [
    'a key goes on under another algorithm',
    'ALGORITHM_CHANGED',
    'is for PS256, and was for RS256',
    async (start) => {
      const key = testKey();
      const rotation = await withRotation(await start({ options: { key } }));
      await rotation.deploy(await start({ options: { key: { key, algorithm: 'PS256' } } }));
    },
  ],
  [
    'a CDN keeps the JWKS for a week',
    'CACHED_TOO_LONG',
    'may be kept for 604800 s (Cache-Control: public, max-age=604800)',
    async (start) => {
      const rotation = await withRotation(await start({ setUp: withCacheControl('public, max-age=604800') }));
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'a CDN may serve a stale JWKS for a day',
    'CACHED_TOO_LONG',
    'may be kept for 90000 s',
    async (start) => {
      await withRotation(
        await start({ setUp: withCacheControl('max-age=3600, stale-while-revalidate=86400') }),
      );
    },
  ],
  [
    'the route serves the key that signs, and not the next one',
    'NEXT_KEY_NOT_PUBLISHED',
    'signs next, and the JWKS does not have it',
    async (start) => {
      const controller = serving((_, keys) => ({ keys: [keys.publicJwk] }));
      const rotation = await withRotation(await start({ controller }), { jwksPath });
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'the route serves what it had when the application booted',
    'NEXT_KEY_NOT_PUBLISHED',
    'something else than OidcKeyModule serves the JWKS',
    async (start) => {
      const rotation = await withRotation(await start({ controller: servingAsAtBoot() }), { jwksPath });
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'a revoked key is still served',
    'REVOKED_KEY_PUBLISHED',
    `The key ${kidOf(k1)} is revoked, and is still in the JWKS`,
    async (start) => {
      const rotation = await withRotation(await start({ controller: servingAsAtBoot() }), { jwksPath });
      await rotation.revoke();
    },
  ],
  [
    'a revoked key still signs',
    'REVOKED_KEY_SIGNS',
    'signs with the key',
    async (start) => {
      const rotation = await withRotation(await start({ jwt: new JwtService({ key: k1 }) }));
      await rotation.revoke();
    },
  ],
  [
    'a revoked key is still accepted',
    'REVOKED_KEY_ACCEPTED',
    'accepts a token of the key',
    async (start) => {
      const jwt = acceptingAsAtBoot();
      const rotation = await withRotation(await start({ jwt }));
      await rotation.revoke();
    },
  ],
  [
    'the application signs with a key of its own',
    'SIGNING_KEY_NOT_PUBLISHED',
    `signs with the key ${kidOf(k2)}, which the JWKS`,
    async (start) => {
      await withRotation(await start({ jwt: new JwtService({ key: k2 }) }));
    },
  ],
  [
    'the JWKS has no kid',
    'KID_MISSING',
    'A key of the JWKS has no "kid"',
    async (start) => {
      const controller = serving((jwt) => ({
        keys: jwt.getKeySet().keys.map((key) => ({ ...key, kid: undefined })),
      }));
      await withRotation(await start({ controller }), { jwksPath });
    },
  ],
  [
    'the JWKS has a key twice',
    'KID_TWICE',
    `Two keys of the JWKS have the kid ${kidOf(k1)}`,
    async (start) => {
      const controller = serving((jwt) => ({ keys: [...jwt.getKeySet().keys, ...jwt.getKeySet().keys] }));
      await withRotation(await start({ controller }), { jwksPath });
    },
  ],
  [
    'the JWKS has the private key',
    'PRIVATE_KEY_PUBLISHED',
    'has its private half',
    async (start) => {
      const controller = serving(() => ({ keys: [JSON.parse(jwkNamed('a', 1))] }));
      await withRotation(await start({ controller }), { jwksPath });
    },
  ],
  [
    'the JWKS wants a login',
    'JWKS_UNUSABLE',
    'the answer is 401',
    async (start) => {
      const controller = serving(() => {
        throw new UnauthorizedException();
      });
      await withRotation(await start({ controller }), { jwksPath });
    },
  ],
  [
    'the JWKS is a page',
    'JWKS_UNUSABLE',
    'the answer is no JSON object with a list "keys"',
    async (start) => {
      await withRotation(await start({ controller: serving(() => ({ page: true })) }), { jwksPath });
    },
  ],
  [
    'each replica has a key of its own',
    'REPLICAS_DIFFER',
    'Replica 2',
    async (start) => {
      await withRotation([await start(), await start({ options: { key: k2 } })]);
    },
  ],
  [
    'one replica has a store, and the other one its key from before',
    'REPLICAS_DIFFER',
    'does not publish the key',
    async (start) => {
      const store = new MemoryKeyStore(k1);
      const rotation = await withRotation([await start({ options: { store } }), await start()]);
      await rotation.rotate();
      await rotation.complete();
    },
  ],
  [
    'what makes tokens spoils them',
    'TOKEN_REFUSED',
    'The application refuses a token that it signed',
    async (start) => {
      const sign = async (app: INestApplication) =>
        `${(await app.get(JwtService).sign({})).slice(0, -4)}AAAA`;
      await withRotation(await start(), { sign });
    },
  ],
  [
    'nobody rotates',
    'NOTHING_ROTATED',
    'What signed at the beginning still signs',
    async (start) => {
      const rotation = await withRotation(await start());
      await rotation.complete();
    },
  ],
];

describe.each(platforms)('a broken rotation fails the test of at most five lines, on %s', (_, adapter) => {
  const start: Start = async ({ options = { key: k1 }, controller, jwt, setUp } = {}) => {
    const module = OidcKeyModule.forRoot({ ...options, jwks: controller ? false : {} });
    const imports = [jwt ? { ...module, providers: [...module.providers!, useInPlace(jwt)] } : module];
    const { app } = await boot(adapter(), { imports, controllers: controller ? [controller] : [] }, setUp);
    return app;
  };

  it.each(rows)('%s: %s', async (__, code, says, test) => {
    const error = await test(start).then(
      () => undefined,
      (reason: BrokenRotationError) => reason,
    );
    expect(error?.message).toMatch(says instanceof RegExp ? says : new RegExp(escaped(says)));
    expect([error?.name, error?.code]).toEqual(['BrokenRotationError', code]);
    // What a test of it is written in.
    const lines = test.toString().match(/await (?:rotation\.|withRotation)/g)!;
    expect(lines.length).toBeLessThanOrEqual(5);
  });
});

it('has ten kinds of them and more', () => {
  expect(new Set(rows.map(([, code]) => code)).size).toBeGreaterThanOrEqual(10);
});

const useInPlace = (jwt: JwtService | InPlaceOfJwtService) =>
  jwt instanceof JwtService ? { provide: JwtService, useValue: jwt } : { provide: JwtService, ...jwt };
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
