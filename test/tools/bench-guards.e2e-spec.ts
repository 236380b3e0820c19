import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { guards, withBrokenSignature } from '../../tools/bench/guards.js';
import type { GuardedOptions, GuardName } from '../../tools/bench/guards.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll } from '../support/platforms.js';
import { cleanEnvironment, root } from '../support/processes.js';
import { forge, headerOf } from '../support/tokens.js';

const key = makeRsaKey();
const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: 'https://issuer.example',
  aud: 'https://api.example',
  sub: 'alice',
  client_id: 'web',
  jti: '1',
  scope: 'openid orders',
  iat: now,
  exp: now + 600,
};

const asAccessToken = { header: { typ: 'at+jwt' } };
const signed = (changes: object = {}) =>
  new JwtService({ key }).sign({ ...claims, ...changes }, asAccessToken);

const refused: [string, () => Promise<string> | undefined][] = [
  ['a request without a token', () => undefined],
  ['a token with a broken signature', async () => withBrokenSignature(await signed())],
  ['a token that another key signed', async () => forge(makeRsaKey(), headerOf(await signed()), claims)],
  ['a token of another issuer', () => signed({ iss: 'https://other.example' })],
  ['a token for another audience', () => signed({ aud: 'https://other.example' })],
  ['a token whose time is over', () => signed({ exp: now - 60 })],
];

const contenders = (Object.keys(guards) as GuardName[]).filter((name) => name !== 'unguarded');

/** What is fast because it lets everything pass, or nothing, proves nothing. */
describe.each(contenders)('the benchmark of guards, with %s,', (guard) => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const issuer = await boot(new ExpressAdapter(), { imports: [OidcKeyModule.forRoot({ key })] });
    const options: GuardedOptions = {
      guard,
      issuer: claims.iss,
      jwksUri: `${issuer.url}/.well-known/jwks.json`,
      audience: claims.aud,
      scope: 'orders',
    };
    server = fork(join(root, 'tools/dist/tools/bench/processes/guarded.js'), [JSON.stringify(options)], {
      execArgv: [],
      env: cleanEnvironment(),
    });
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    url = `http://127.0.0.1:${port}/orders`;
  });

  afterAll(async () => {
    const exit = once(server, 'exit');
    server.disconnect();
    await exit;
    await closeAll();
  });

  const get = async (token?: string) => {
    const response = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    return { status: response.status, body: await response.json() };
  };

  it('lets a good token pass, and its sub reaches the handler', async () => {
    expect(await get(await signed())).toEqual({ status: 200, body: { sub: 'alice' } });
  });

  it.each(refused)('refuses %s', async (_, make) => {
    expect(await get(await make())).toMatchObject({ status: 401 });
  });

  // The verification alone is there to be compared with, and knows no scopes.
  const answer = guard === 'JwtService.verify in the handler' ? 200 : 403;

  it(`answers ${answer} to a token without the scope`, async () => {
    expect(await get(await signed({ scope: 'openid' }))).toMatchObject({ status: answer });
  });
});
