import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ServerProcess } from '../../sample-app/demo/server-process.js';
import { RawClient, request, resigned, withToken } from '../sample/raw-client.js';
import type { Tokens } from '../sample/raw-client.js';
import { main, sampleEnvironment } from '../sample/sample-server.js';
import type { Sample } from '../sample/sample-server.js';
import { visit } from '../sample/visit.js';
import { cleanEnvironment, run } from '../support/processes.js';
import { SecretSearch, secretOfText } from '../support/secret-search.js';
import { until } from '../support/waiting.js';
import { encryptedPem, keys, passphrase, searchFor } from './seeded-keys.js';

/** A sample server whose key is encrypted, with every level of the log and the injector's own words. */
async function start(): Promise<Sample> {
  const environment = await sampleEnvironment({ NEST_DEBUG: 'true' });
  const folder = environment.DATA_DIR!;
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  environment.OIDC_PRIVATE_KEY_FILE = file('encrypted.pem', encryptedPem);
  environment.OIDC_PRIVATE_KEY_PASSPHRASE_FILE = file('passphrase', passphrase);
  const { ISSUER: issuer = '', PORT, SAMPLE_USER_PASSWORD, SAMPLE_CLIENT_SECRET, API_AUDIENCE } = environment;
  const server = await ServerProcess.start({ main: pathToFileURL(main), issuer, environment, folder });
  return {
    server,
    issuer,
    port: Number(PORT),
    userPassword: SAMPLE_USER_PASSWORD!,
    clientSecret: SAMPLE_CLIENT_SECRET!,
    audience: API_AUDIENCE!,
    key: keys.rsa,
    folder,
    environment,
  };
}

/** The secrets of the server that are no keys. */
function searchForSecretsOf({ environment }: Sample, others: string[]): SecretSearch {
  const names = ['SESSION_SECRET', 'SAMPLE_USER_PASSWORD', 'SAMPLE_CLIENT_SECRET'];
  const secrets = names.map((name) => secretOfText(name, environment[name]!));
  return new SecretSearch(
    Object.assign(
      {},
      ...secrets,
      ...others.map((text, index) => secretOfText(`code or session ${index}`, text)),
    ),
  );
}

/** The identifier in the cookie, by which whoever reads it takes the session over. */
function sessionOf(cookie: string): string {
  const [, identifier = ''] = /=s:([^.]+)\./.exec(decodeURIComponent(cookie)) ?? [];
  return identifier;
}

describe('what the sample server writes holds no key, passphrase, token, code or password', () => {
  let sample: Sample;
  let tokens: Tokens;
  const codes: string[] = [];
  const sessions: string[] = [];

  beforeAll(async () => {
    sample = await start();
  });
  afterAll(() => sample.server.stop());

  it('while it works', async () => {
    const web = RawClient.web(sample);
    const code = await web.code();
    codes.push(code.code);
    tokens = (await web.redeem(code)).body as unknown as Tokens;
    expect((await withToken(sample, 'userinfo', tokens.access_token)).status).toBe(200);
    expect((await withToken(sample, 'api/me', tokens.access_token)).status).toBe(200);
    expect(await web.isActive(tokens.access_token)).toBe(true);
    tokens = (await web.refresh(tokens.refresh_token)).body as unknown as Tokens;
    await web.redeem(code);
    await web.revoke(tokens.refresh_token);
  });

  it('while it refuses', async () => {
    const web = RawClient.web(sample);
    const { access_token: token } = tokens;
    const bad = [`${token}x`, token.replace('.', '..'), resigned(sample, token, { exp: 1 }), tokens.id_token];
    for (const each of bad) {
      await withToken(sample, 'userinfo', each);
      await withToken(sample, 'api/me', each);
      await web.introspect(each);
      await web.revoke(each);
      await web.refresh(each);
      await web.redeem({ code: each, code_verifier: each, redirect_uri: each });
      await web.post('token', { grant_type: each, client_secret: each });
    }
    await request(sample, `userinfo?access_token=${token}`);
    await request(sample, `authorize?id_token_hint=${tokens.id_token}&state=${token}`);
    await request(sample, 'token', {
      method: 'POST',
      body: JSON.stringify(tokens),
      headers: { 'content-type': 'application/json' },
    });
    await request(sample, 'sign-in', {
      method: 'POST',
      body: new URLSearchParams({ username: 'alice', password: sample.userPassword }),
    });
  });

  it('while its database fails', async () => {
    const web = RawClient.web(sample);
    const code = await web.code();
    codes.push(code.code);
    const { cookie = '' } = await visit(web.authorizationUrl());
    sessions.push(sessionOf(cookie));
    const database = createClient({ url: pathToFileURL(join(sample.folder, 'sample.sqlite')).href });
    const { rows } = await database.execute(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%migrations%'",
    );
    await database.execute('PRAGMA foreign_keys = OFF');
    for (const name of rows.map((row) => row['name'] as string)) {
      await database.execute(`ALTER TABLE "${name}" RENAME TO "gone_${name}"`);
    }
    database.close();
    expect((await web.redeem(code)).status).toBe(500);
    await web.refresh(tokens.refresh_token);
    await web.introspect(tokens.access_token);
    await web.revoke(tokens.refresh_token);
    await withToken(sample, 'userinfo', tokens.access_token);
    await visit(web.authorizationUrl(), cookie);
    await until(() => sample.server.log.includes('ERROR'));
  });

  it('as its whole log shows', async () => {
    await sample.server.stop();
    const { log } = sample.server;
    expect(log).toContain('Listening on');
    expect(log).toMatch(/no such table/);
    expect(
      searchFor(Object.values(tokens).filter((token) => String(token).split('.').length === 3)).in(log),
    ).toEqual([]);
    expect(searchForSecretsOf(sample, [...codes, ...sessions]).in(log)).toEqual([]);
  });
});

it('a sample server that does not start shows nothing of key or passphrase', async () => {
  const environment = await sampleEnvironment();
  const mistakes: Record<string, string>[] = [
    {
      OIDC_PRIVATE_KEY_FILE: '',
      OIDC_PRIVATE_KEY: encryptedPem,
      OIDC_PRIVATE_KEY_PASSPHRASE: `${passphrase}!`,
    },
    { OIDC_PRIVATE_KEY_FILE: encryptedPem },
    { OIDC_NEXT_KEYS: passphrase, SESSION_SECRET: passphrase.slice(0, 31) },
  ];
  for (const changes of mistakes) {
    const env = cleanEnvironment({ ...environment, ...changes });
    const { code, stdout, stderr } = await run(process.execPath, [main], { env, cwd: environment.DATA_DIR! });
    expect(code).toBe(1);
    expect(searchFor().in(stdout + stderr)).toEqual([]);
  }
});
