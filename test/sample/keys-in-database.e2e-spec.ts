import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { builtSample } from '../support/built-sample.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { rejectionOf } from '../support/errors.js';
import { root, run } from '../support/processes.js';
import { headerOf } from '../support/tokens.js';
import { dump } from './database.js';
import { RawClient, withToken } from './raw-client.js';
import { main, sampleEnvironment, startProcess } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';

const { openDatabase } =
  await builtSample<typeof import('../../sample-app/src/database/open-database.js')>(
    'database/open-database.js',
  );
const { DatabaseKeyStore } = await builtSample<
  typeof import('../../sample-app/src/keys/database-key.store.js')
>('keys/database-key.store.js');

const program = join(root, 'sample-app/dist/src/keys/main.js');
const passphrase = 'correct horse battery staple';
const decryption = { where: 'The database', passphrase };

type Environment = Record<string, string>;

/** The environment of a sample whose keys are in its database; none is there yet. */
async function environmentOf(extra: Environment = {}): Promise<Environment> {
  const { OIDC_PRIVATE_KEY_FILE: _file, ...environment } = await sampleEnvironment();
  return {
    ...environment,
    KEYS_IN_DATABASE: 'true',
    OIDC_PRIVATE_KEY_PASSPHRASE: passphrase,
    OIDC_JWKS_MAX_AGE: '300',
    ...extra,
  };
}

/** What an operator runs beside the server. */
function operator(
  { DATA_DIR, OIDC_PRIVATE_KEY_PASSPHRASE, OIDC_JWKS_MAX_AGE }: Environment,
  ...args: string[]
) {
  return run(process.execPath, [program, ...args], {
    cwd: DATA_DIR!,
    env: { DATA_DIR: DATA_DIR!, OIDC_PRIVATE_KEY_PASSPHRASE, OIDC_JWKS_MAX_AGE },
  });
}

const failedStart = (environment: Environment) =>
  run(process.execPath, [main], { env: environment, cwd: environment.DATA_DIR!, timeout: 20_000 });

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function start(environment: Environment): Promise<SampleProcess> {
  const server = await startProcess(environment, environment.DATA_DIR);
  ended.push(() => server.stop());
  return {
    server,
    issuer: environment.ISSUER!,
    port: Number(environment.PORT),
    userPassword: environment.SAMPLE_USER_PASSWORD!,
    clientSecret: environment.SAMPLE_CLIENT_SECRET!,
    audience: environment.API_AUDIENCE!,
    key: makeRsaKey(),
    folder: environment.DATA_DIR!,
    environment,
  };
}

/** The store as another process has it. */
async function storeOf({ DATA_DIR }: Environment) {
  const database = await openDatabase(DATA_DIR!);
  ended.push(async () => database.$client.close());
  return { store: new DatabaseKeyStore(database), database };
}

async function keysOf(environment: Environment) {
  const { store } = await storeOf(environment);
  return (await openStored((await store.read())!.text, decryption))!.keys;
}

describe('keys in the database of the sample', () => {
  it('are made, rotated and revoked by a program beside the server, encrypted, and a signed-in client goes on', async () => {
    const environment = await environmentOf();
    const made = await operator(environment, 'init');
    expect([made.stderr, made.code]).toEqual(['', 0]);
    expect((await operator(environment, 'init')).stderr).toMatch(/^KEY_SET_EXISTS: /);
    const first = await start(environment);
    const tokens = await RawClient.web(first).tokens();
    const [before] = await keysOf(environment);
    expect(headerOf(tokens.access_token)['kid']).toBe(before!.kid);

    const rotated = await operator(environment, 'rotate');
    expect([rotated.stderr, rotated.code]).toEqual(['', 0]);
    expect((await operator(environment, 'rotate')).stderr).toMatch(/^KEY_WAITS: /);
    const notDue = await operator(environment, 'rotate', '90');
    expect([notDue.stdout.split('\n')[0], notDue.code]).toEqual([
      'Nothing was due, and nothing was written.',
      0,
    ]);
    const { keys } = JSON.parse((await operator(environment, 'status')).stdout) as { keys: object[] };
    expect(keys).toMatchObject([{ state: 'signs', kid: before!.kid }, { state: 'waits' }]);

    await first.server.stop();
    const second = await start(environment);
    const refreshed = await RawClient.web(second).refresh(tokens.refresh_token);
    expect(headerOf((refreshed.body as { access_token: string }).access_token)['kid']).toBe(before!.kid);

    const revoked = await operator(environment, 'revoke', before!.kid);
    expect([revoked.stderr, revoked.code]).toEqual(['', 0]);
    await second.server.stop();
    const third = await start(environment);
    expect((await withToken(third, 'api/me', tokens.access_token)).status).toBe(401);
    const [, after] = await keysOf(environment);
    const { access_token } = await RawClient.web(third).tokens();
    expect(headerOf(access_token)['kid']).toBe(after!.kid);
    expect((await withToken(third, 'api/me', access_token)).status).toBe(200);
    expect(await dump(third, 'key_set')).not.toMatch(/"d"|"keys"|PRIVATE KEY/);
  }, 60_000);

  it('take over the key of a file, under its kid', async () => {
    const environment = await environmentOf();
    const key = makeRsaKey();
    writeFileSync(join(environment.DATA_DIR!, 'old.pem'), pemOf(key), { mode: 0o600 });
    const { code, stdout, stderr } = await operator(environment, 'init', 'old.pem');
    expect([stderr, code]).toEqual(['', 0]);
    const database = readFileSync(join(environment.DATA_DIR!, 'sample.sqlite'), 'latin1');
    for (const trace of privateTraces(key)) expect(stdout + database).not.toContain(trace);
    expect((await keysOf(environment))[0]!.hasPrivateHalf).toBe(true);
  });

  it.each<[string, Environment, RegExp]>([
    ['a passphrase', { OIDC_PRIVATE_KEY_PASSPHRASE: '' }, /OIDC_PRIVATE_KEY_PASSPHRASE.*is required where/],
    [
      'a choice between two places',
      { OIDC_PRIVATE_KEY: pemOf(makeRsaKey()) },
      /OIDC_PRIVATE_KEY is set beside/,
    ],
    ['a choice between two stores', { OIDC_KEY_STORE: 'file:keys.json' }, /OIDC_KEY_STORE both name a store/],
    ['a first key', {}, /no key is ever made at boot/],
    ['a word that is true or false', { KEYS_IN_DATABASE: 'yes' }, /KEYS_IN_DATABASE.*must be true or false/],
  ])('need %s', async (_, extra, message) => {
    const { code, stderr } = await failedStart(await environmentOf(extra));
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });

  it.each([[[]], [['turn']], [['revoke']], [['rotate', '90d']], [['status', 'all']], [['init', 'a', 'b']]])(
    'are left alone by a program that is called with %j',
    async (args) => {
      const { code, stderr, stdout } = await operator(await environmentOf(), ...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^Usage: /);
    },
  );

  it('are in no error of the database', async () => {
    const environment = await environmentOf();
    const { store, database } = await storeOf(environment);
    await database.$client.execute('DROP TABLE key_set');
    for (const error of [
      await rejectionOf(store.read()),
      await rejectionOf(store.write('the key set', undefined)),
      await rejectionOf(store.write('the key set', 'a version')),
    ]) {
      expect(error).toMatchObject({
        name: 'KeyStoreError',
        message: expect.stringContaining('SQLITE_ERROR'),
      });
      expect(JSON.stringify(error) + error.stack + String(error.cause)).not.toMatch(/the key set|a version/);
    }
  });
});

describe('the daily rotation', () => {
  const living: ChildProcess[] = [];
  afterEach(() => living.splice(0).forEach((child) => child.kill('SIGKILL')));

  /** A server, and what it says first: its schedules. */
  async function server(environment: Environment) {
    const child = fork(join(root, 'test/sample/server-that-rotates.mjs'), {
      cwd: environment.DATA_DIR!,
      env: environment,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    living.push(child);
    let log = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (text: Buffer) => (log += text.toString()));
    }
    const answer = async () => ((await once(child, 'message')) as [unknown])[0];
    const schedules = await answer();
    return {
      schedules,
      /** It is three o'clock. Resolves to the keys of the server after it. */
      tick: async () => {
        const answered = answer();
        child.send('it is time');
        return (await answered) as { kid: string; slot: string }[];
      },
      /** What the rotation has said. */
      said: () => log.match(/^.*\[DailyRotation\].*$/gm) ?? [],
    };
  }

  it('is at 3 in the morning in every replica, and one of three makes the key, once', async () => {
    const environment = await environmentOf();
    const { store } = await storeOf(environment);
    const old = Math.floor(Date.now() / 1000) - 91 * 24 * 3600;
    const jwk = { ...makeRsaKey().export({ format: 'jwk' }), kid: 'old', alg: 'RS256', use: 'sig' };
    const document = JSON.stringify({ keys: [{ ...jwk, iat: old, nbf: old }] });
    await store.write(await encryptKeySet(document, passphrase), undefined);

    const replicas = await Promise.all([1, 2, 3].map(() => server(environment)));
    expect(replicas.map(({ schedules }) => schedules)).toEqual(
      replicas.map(() => [['key rotation', '03:00:00']]),
    );
    for (const day of [1, 2]) {
      await Promise.all(replicas.map(({ tick }) => tick()));
      expect([day, (await keysOf(environment)).length]).toEqual([day, 2]);
    }
    const [, next] = await keysOf(environment);
    for (const { tick } of replicas) {
      expect((await tick()).map(({ kid, slot }) => [kid, slot])).toEqual([
        ['old', 'current'],
        [next!.kid, 'next'],
      ]);
    }
    const lines = replicas.flatMap(({ said }) => said());
    expect(lines).toEqual([expect.stringMatching(/LOG .* signs from /)]);
  }, 60_000);

  it('does nothing where the keys are not in the database', async () => {
    const { tick, said } = await server(await sampleEnvironment());
    expect(await tick()).toHaveLength(1);
    expect(said()).toEqual([]);
  });

  it('that fails is said, and costs nothing', async () => {
    const environment = await environmentOf();
    expect((await operator(environment, 'init')).code).toBe(0);
    const { tick, said } = await server(environment);
    const { database } = await storeOf(environment);
    await database.$client.execute('DROP TABLE key_set');
    expect(await tick()).toHaveLength(1);
    expect(said()).toEqual([expect.stringMatching(/ERROR .*key_set of the database cannot be read/)]);
  });
});
