import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { JwtService } from 'nestjs-oidc-key';
import { OidcKeyTestingModule, testKey, withRotation, withTestKey } from 'nestjs-oidc-key/testing';
import type { WithRotationOptions } from 'nestjs-oidc-key/testing';

import { rejectionOf } from '../support/errors.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

afterEach(closeAll);

const express = platforms[0]![1];
const start = async () =>
  (await boot(express(), { imports: [OidcKeyTestingModule.forRoot({ algorithm: 'ES256' })] })).app;

const invalid = { name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' };

describe('a duration', () => {
  it.each<[unknown, string]>([
    [{ hourz: 2 }, 'advance has no option "hourz". Its options are days, hours, minutes, seconds.'],
    [{ hours: 2, milliseconds: 5 }, 'advance has no option "milliseconds".'],
    [{ hours: -5 }, 'The option "hours" of advance has to be a number that is not negative.'],
    [{ days: 1, hours: -5 }, 'The option "hours" of advance has to be'],
    [{ minutes: Number.NaN }, 'The option "minutes" of advance has to be'],
    [{ seconds: Infinity }, 'The option "seconds" of advance has to be'],
    [{ days: '1' }, 'The option "days" of advance has to be'],
    [{ days: null }, 'The option "days" of advance has to be'],
    [{ days: undefined }, 'has to be a number that is not negative, and is undefined.'],
    [{}, 'advance lets time pass, a millisecond at least and 100 years at most.'],
    [{ hours: 0 }, 'advance lets time pass'],
    [{ seconds: 0.0001 }, 'advance lets time pass'],
    [{ days: 1e9 }, 'advance lets time pass'],
    [{ days: 1e308 }, 'advance lets time pass'],
    [5, 'advance takes a plain object, such as { hours: 2 }.'],
    [undefined, 'advance takes a plain object'],
    [null, 'advance takes a plain object'],
    [Number.NaN, 'advance takes a plain object'],
    ['2h', 'advance takes a plain object'],
    [new Date(), 'advance takes a plain object'],
    [[1], 'advance takes a plain object'],
  ])('of %p lets no time pass, and is refused', async (duration, says) => {
    const rotation = await withRotation(await start());
    const before = rotation.now;
    const error = await rejectionOf(rotation.advance(duration as object));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
    expect(rotation.now).toEqual(before);
  });

  it('may be of parts, and is added up', async () => {
    const rotation = await withRotation(await start());
    const before = rotation.now.getTime();
    await rotation.advance({ days: 1, hours: 0.5, seconds: 0.5 });
    expect(rotation.now.getTime() - before).toBe(86_400_000 + 1_800_000 + 500);
  });
});

describe('a rotation under test', () => {
  it.each<[string, unknown, string]>([
    ['rotate', { algoritm: 'ES256' }, 'rotate has no option "algoritm". Its options are algorithm, every.'],
    ['rotate', { algorithm: 'HS256' }, 'The option "algorithm" of rotate has to be one of RS256'],
    ['rotate', { every: '1d' }, 'The option "every" of rotate has to be a number of seconds'],
    ['rotate', 'ES256', 'rotate takes a plain object'],
    ['revoke', 5, 'revoke takes the "kid" of a key'],
    ['revoke', '', 'revoke takes the "kid" of a key'],
    ['retire', undefined, 'retire takes the "kid" of a key'],
    ['deploy', undefined, 'The application that deploy was given is none'],
  ] as const)('refuses %s of %p', async (verb, argument, says) => {
    const rotation = await withRotation(await start());
    const error = await rejectionOf(rotation[verb as 'retire'](argument as string));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
  });

  it('deploys at least one application', async () => {
    const rotation = await withRotation(await start());
    await expect(rotation.deploy()).rejects.toThrow('deploy was given no application. Give it one');
  });
});

describe('withRotation', () => {
  it.each<[unknown, string]>([
    [{ tokenLifetme: 5 }, 'withRotation has no option "tokenLifetme". Its options are tokenLifetime, sign'],
    ...[-1, 0, Number.NaN, Infinity, '1h', null, 1e18].map((tokenLifetime): [unknown, string] => [
      { tokenLifetime },
      'The option "tokenLifetime" of withRotation has to be a number of seconds above 0',
    ]),
    [{ sign: 'token' }, 'The option "sign" of withRotation has to be a function'],
    [{ jwksPath: 5 }, 'The option "jwksPath" of withRotation has to be a path that begins with "/"'],
    [{ jwksPath: 'keys' }, 'The option "jwksPath" of withRotation has to be a path'],
    [{ jwksPath: '//host/keys' }, 'The option "jwksPath" of withRotation has to be a path'],
    [5, 'withRotation takes a plain object, such as { tokenLifetime: 3600 }.'],
    [null, 'withRotation takes a plain object'],
    [() => '', 'withRotation takes a plain object'],
  ])('refuses the options %p', async (options, says) => {
    const error = await rejectionOf(withRotation(await start(), options as WithRotationOptions));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
  });

  it.each<[unknown, string]>([
    [undefined, 'it is no string, but undefined'],
    ['', 'it is no JWT'],
    ['abc', 'it is no JWT: it has 1 of the 3'],
    ['a.b.c.d.e', 'it is no JWT: it has 5 of the 3'],
    [{ access_token: 'a' }, 'it is no string, but an object'],
  ])('refuses to take %p for a token of the application', async (made, says) => {
    const sign = () => made as string;
    const error = await rejectionOf(withRotation(await start(), { sign }));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(
      `What the option "sign" of withRotation returns has to be a token: ${says}`,
    );
  });

  it('takes options that are undefined for those that were left out', async () => {
    await withRotation(await start(), { tokenLifetime: undefined, sign: undefined, jwksPath: undefined });
  });

  it.each<[unknown, string]>([
    [undefined, 'The application that withRotation was given is none: give it what'],
    [{}, 'The application that withRotation was given is none'],
    [null, 'The application that withRotation was given is none'],
    ['app', 'The application that withRotation was given is none'],
    [[{}, {}], 'Application 1 that withRotation was given is none'],
    [Promise.resolve(), 'The application that withRotation was given is a promise: await it first'],
    [[], 'withRotation was given no application. Give it one, or several that are replicas of one.'],
  ])('has nothing to test in %p', async (app, says) => {
    const error = await rejectionOf(withRotation(app as INestApplication));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(says);
  });

  it('takes no module in the place of an application', async () => {
    const module = await Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot()] }).compile();
    await expect(withRotation(module as never)).rejects.toThrow(
      'is none: give it what `createNestApplication()`',
    );
    const context = await NestFactory.createApplicationContext(OidcKeyTestingModule.forRoot(), {
      logger: false,
    });
    await expect(withRotation([context] as never)).rejects.toMatchObject(invalid);
    await context.close();
  });

  it('says where there are no keys to rotate, and leaves the application alone', async () => {
    const module = await withTestKey(Test.createTestingModule({ imports: [] })).compile();
    const app = module.createNestApplication({ logger: false });
    const error = await rejectionOf(withRotation(app));
    expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_MISSING' });
    expect(error.message).toContain('withRotation finds no OidcKeyModule in the application');
    expect(error.message).not.toContain('Symbol');
    expect((app.getHttpServer() as { listening: boolean }).listening).toBe(false);
    await app.close();
  });

  it('says of a token which application signed it, in a sentence', async () => {
    const sign = async (app: INestApplication) => `${(await app.get(JwtService).sign({})).slice(0, -4)}AAAA`;
    const alone = await rejectionOf(withRotation(await start(), { sign }));
    expect(alone.message).toMatch(/^The application refuses a token that it signed with the key /);
  });
});

it('an application that is deployed refuses what the one of before signed, and is told apart from it', async () => {
  class Refusing extends JwtService {
    override verify(): never {
      throw new Error('no');
    }
  }
  const imports = [OidcKeyTestingModule.forRoot({ algorithm: 'ES256' })];
  const module = await Test.createTestingModule({ imports })
    .overrideProvider(JwtService)
    .useValue(new Refusing({ key: testKey('ES256') }))
    .compile();
  const other = module.createNestApplication({ logger: false });
  const rotation = await withRotation(await start());
  const error = await rejectionOf(rotation.deploy(other));
  expect(error).toMatchObject({ code: 'REPLICAS_DIFFER' });
  expect(error.message).toMatch(
    /^The application refuses a token that the application before the deploy signed with the key /,
  );
  await other.close();
});
