import { createHash, randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { installedApplication } from '../support/installed.js';
import { freePort, jsonOf } from '../support/ports.js';
import { cleanEnvironment, root, run, start, stopAll } from '../support/processes.js';
import { headerOf } from '../support/tokens.js';

const sample = join(root, 'sample-app/minimal');
const redirectUri = 'http://localhost:4000/callback';
/** An application that is nothing but a copy of it. */
const application = installedApplication('minimal');
const compile = (compiler: string, project: string, ...options: string[]) =>
  run(process.execPath, [
    join(root, 'node_modules', compiler, 'bin/tsc'),
    '-p',
    join(application, project),
    ...options,
  ]);

beforeAll(() => cpSync(sample, application, { recursive: true }));
afterAll(stopAll);

it('has at most 150 lines in all', () => {
  const entries = readdirSync(sample, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const lines = files.map(
    ({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').split('\n').length - 1,
  );
  expect(files.length).toBe(5);
  expect(lines.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(150);
});

it.each(
  ['typescript-5.9', 'typescript', 'typescript-7'].flatMap((compiler) => [
    [compiler, '4.3.7', undefined],
    [compiler, '5.0.0, by its shapes', 'test/types/oauth2-server-5'],
  ]),
)(
  'type-checks in %s against @jmondi/oauth2-server %s',
  async (compiler, _, shapes) => {
    const paths = shapes && {
      '@jmondi/oauth2-server': [join(root, shapes, 'index.d.ts')],
      '@jmondi/oauth2-server/express': [join(root, shapes, 'express.d.ts')],
    };
    const settings = { extends: './tsconfig.json', compilerOptions: { rootDir: '/', paths: paths ?? {} } };
    writeFileSync(join(application, 'tsconfig.check.json'), JSON.stringify(settings));
    const { code, stdout } = await compile(compiler!, 'tsconfig.check.json', '--noEmit');
    expect([stdout, code]).toEqual(['', 0]);
  },
  60_000,
);

describe('runs, compiled with its own settings', () => {
  let issuer: string;

  beforeAll(async () => {
    const compiled = await compile('typescript', 'tsconfig.json');
    expect([compiled.stdout, compiled.code]).toEqual(['', 0]);
    const made = await run('npx', ['nestjs-oidc-key', 'generate', '--env', '--out', '.env'], {
      cwd: application,
    });
    expect(made.code).toBe(0);
    const port = String(await freePort());
    issuer = `http://127.0.0.1:${port}`;
    const env = cleanEnvironment({ PORT: port, ISSUER: issuer });
    await start(process.execPath, ['dist/main.js'], env, application);
    await jsonOf(`${issuer}/.well-known/jwks.json`);
  }, 60_000);

  const token = async (body: Record<string, string>) => {
    const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(body) });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const service = { grant_type: 'client_credentials', client_id: 'service', client_secret: 'a-secret' };
  const verified = (accessToken = '') =>
    jwtVerify(accessToken, createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)), {
      issuer,
      audience: 'https://api.example',
      typ: 'at+jwt',
      requiredClaims: ['client_id', 'exp'],
    });

  /** The front channel, and what redeems the code that comes of it. */
  const authorize = async (query: Record<string, string> = {}) => {
    const verifier = randomBytes(32).toString('base64url');
    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: redirectUri,
      scope: 'orders',
      state: 'xyz',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...query,
    });
    const response = await fetch(`${issuer}/authorize?${parameters.toString()}`, { redirect: 'manual' });
    const location = response.headers.get('location') ?? undefined;
    const code = location === undefined ? '' : (new URL(location).searchParams.get('code') ?? '');
    const redemption = {
      grant_type: 'authorization_code',
      client_id: 'app',
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    };
    return { status: response.status, location, redemption };
  };

  it('client credentials', async () => {
    const { status, body } = await token(service);
    expect(status).toBe(200);
    const { payload, protectedHeader } = await verified(body.access_token);
    expect(payload).toMatchObject({ client_id: 'service' });
    expect(protectedHeader.alg).toBe('RS256');
    for (const wrong of [{ client_secret: 'another' }, { client_secret: '' }, { client_id: 'nobody' }]) {
      expect((await token({ ...service, ...wrong })).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('the code flow with PKCE, and a refresh', async () => {
    const { status, location, redemption } = await authorize();
    expect([status, new URL(location!).searchParams.get('state')]).toEqual([302, 'xyz']);
    const first = await token(redemption);
    expect((await verified(first.body.access_token)).payload).toMatchObject({
      sub: 'alice',
      client_id: 'app',
    });
    expect(headerOf(first.body.refresh_token!).typ).toBe('refresh+jwt');
    const refresh = {
      grant_type: 'refresh_token',
      client_id: 'app',
      refresh_token: first.body.refresh_token!,
    };
    const second = await token(refresh);
    expect((await verified(second.body.access_token)).payload.sub).toBe('alice');
    expect((await token(refresh)).status).toBe(400);
    expect((await token(redemption)).status).toBe(400);
  });

  it('of two requests at the same moment, one gets tokens for a code', async () => {
    const { redemption } = await authorize();
    const answers = await Promise.all([token(redemption), token(redemption)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
  });

  it('refuses another redirect_uri, no PKCE, another verifier, and another client', async () => {
    const wrongs: Record<string, string>[] = [
      { redirect_uri: 'https://evil.example/callback' },
      { code_challenge: '' },
      { code_challenge_method: 'plain' },
      { client_id: 'nobody' },
      { client_id: 'service' },
    ];
    for (const wrong of wrongs) {
      const { status, location } = await authorize(wrong);
      expect([
        wrong,
        status >= 400 || location?.includes('error='),
        location?.includes('code=') ?? false,
      ]).toEqual([wrong, true, false]);
    }
    const { redemption } = await authorize();
    expect((await token({ ...redemption, code_verifier: 'x'.repeat(43) })).status).toBe(400);
    expect(
      (await token({ ...redemption, ...service, grant_type: 'authorization_code' })).status,
    ).toBeGreaterThanOrEqual(400);
  });
});
