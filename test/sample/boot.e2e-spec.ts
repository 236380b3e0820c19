import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { run } from '../support/processes.js';
import { publicPemOf } from '../support/tokens.js';
import { main, sampleEnvironment } from './sample-server.js';

async function failedStart(change: (environment: Record<string, string>) => Record<string, string>) {
  const environment = change(await sampleEnvironment());
  return run(process.execPath, [main], {
    env: environment,
    cwd: environment.DATA_DIR!,
    // One that does start must not outlive the test.
    timeout: 20_000,
  });
}

describe('the sample does not start', () => {
  const key = makeRsaKey();
  const passphrase = 'a long passphrase';
  it.each<[string, () => string, RegExp]>([
    ['an empty one', () => '', /holds no key/],
    ['a plain secret', () => 'correct-horse-battery-staple', /shared secret/],
    ['a public PEM', () => publicPemOf(key), /public key/],
    ['a public PEM with literal \\n', () => publicPemOf(key).replaceAll('\n', '\\n'), /public key/],
    ['a public PEM in base64', () => Buffer.from(publicPemOf(key)).toString('base64'), /public key/],
    ['an EC one', () => pemOf(makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey), /no current key/],
    ['an RSA-PSS one', () => pemOf(makeKeyPair('rsa-pss', { modulusLength: 2048 }).privateKey), /rsa-pss/],
    ['one of 1024 bits', () => pemOf(makeRsaKey(1024)), /1024 bits/],
    ['a truncated one', () => pemOf(key).slice(0, 1200), /cut off/],
    [
      'an encrypted one and no passphrase',
      () => key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString(),
      /no passphrase is set/,
    ],
  ])('attack 2: with %s for a key', async (_, text, message) => {
    const { code, stderr } = await failedStart((environment) => {
      writeFileSync(environment.OIDC_PRIVATE_KEY_FILE!, text());
      return environment;
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The server did not start\. .*OIDC_PRIVATE_KEY/);
    expect(stderr).toMatch(message);
  });

  it('without a key, and says how to make one', async () => {
    const { code, stderr } = await failedStart(({ OIDC_PRIVATE_KEY_FILE: _key, ...others }) => others);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The server did not start\. OIDC_PRIVATE_KEY .*npx nestjs-oidc-key generate.*\n$/,
    );
  });

  it('without a key for the algorithm of the ID tokens', async () => {
    const { code, stderr } = await failedStart((environment) => ({
      ...environment,
      ID_TOKEN_ALGORITHM: 'ES256',
    }));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The server did not start\. ID_TOKEN_ALGORITHM is ES256, .*no current key for ES256.*\n$/,
    );
  });

  it('with a damaged key, and shows nothing of it', async () => {
    const { code, stdout, stderr } = await failedStart((environment) => {
      writeFileSync(join(environment.DATA_DIR!, 'damaged.pem'), pemOf(key).slice(0, 1200));
      return { ...environment, OIDC_PRIVATE_KEY_FILE: join(environment.DATA_DIR!, 'damaged.pem') };
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^The server did not start\. OIDC_PRIVATE_KEY_FILE is cut off/),
    ]);
    for (const trace of privateTraces(key)) expect(stdout + stderr).not.toContain(trace);
  });

  it.each([
    ['http://issuer.example', /https/],
    ['https://issuer.example/?x=1', /query/],
    ['https://issuer.example?', /query/],
    ['https://issuer.example#', /fragment/],
    ['https://issuer.example/', /slash/],
    ['https://user@issuer.example', /credentials/],
    ['issuer.example', /URL/],
    ['', /ISSUER/],
  ])('attack 18: with the issuer %p', async (ISSUER, message) => {
    const { code, stderr } = await failedStart((environment) => ({ ...environment, ISSUER }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The server did not start\. .*ISSUER/);
    expect(stderr).toMatch(message);
  });
});
