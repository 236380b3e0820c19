import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { run } from '../support/processes.js';
import { main, sampleEnvironment, startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

async function failedStart(change: (environment: Record<string, string>) => Record<string, string>) {
  const environment = change(await sampleEnvironment());
  return run(process.execPath, [main], { env: environment, cwd: environment.DATA_DIR! });
}

describe('the sample does not start', () => {
  it('without a key, and says how to make one', async () => {
    const { code, stderr } = await failedStart(({ OIDC_PRIVATE_KEY_FILE: _key, ...others }) => others);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The server did not start\. OIDC_PRIVATE_KEY .*npx nestjs-oidc-key generate.*\n$/,
    );
  });

  it('with a damaged key, and shows nothing of it', async () => {
    const key = makeRsaKey();
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

describe('the metadata (OpenID Connect Discovery section 3)', () => {
  let sample: Sample;
  afterEach(() => sample.server.stop());

  it('names the issuer, the JWKS that is served, and the algorithm that signs', async () => {
    sample = await startSample();
    const metadata = (await (
      await fetch(`${sample.issuer}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: sample.issuer,
      jwks_uri: `${sample.issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
    const jwks = await fetch(String(metadata.jwks_uri));
    expect([jwks.status, jwks.headers.get('cache-control')]).toEqual([200, 'public, max-age=3600']);
  });
});
