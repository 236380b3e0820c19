import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { closeAll, platforms } from '../../support/platforms.js';
import { startIssuer, startServer } from './servers.js';
import { ways } from './ways.js';
import type { Refusal } from './ways.js';

const invalid = 'The access token is invalid, expired or revoked';
const refusals = {
  missing: { statusCode: 401, message: 'An access token is required' },
  invalid: { statusCode: 401, message: invalid, error: 'invalid_token', error_description: invalid },
  scope: {
    statusCode: 403,
    message: 'The scope admin is required',
    error: 'insufficient_scope',
    error_description: 'The scope admin is required',
    scope: 'admin',
  },
  unavailable: {
    statusCode: 503,
    message: 'The access token cannot be checked at present',
    error: 'temporarily_unavailable',
    error_description: 'The access token cannot be checked at present',
  },
} satisfies Record<string, Refusal>;

const cases = platforms.flatMap(([platform, adapter]) =>
  ways.map((way) => ({ name: `${way.name} on ${platform}`, way, adapter })),
);

describe.each(cases)('$name', ({ way, adapter }) => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    issuer = await startIssuer();
    server = await startServer(adapter(), issuer.issuer, way.needs);
  });
  afterAll(async () => {
    issuer.stop();
    await closeAll();
  });

  const refused = (refusal: Refusal) => ({ error: way.errorOf(refusal) });

  it('hands the claims of a good token to the handler', async () => {
    expect(await way.call(server, 'required', await issuer.token())).toEqual({ value: 'alice' });
    const admin = await issuer.token({ sub: 'root', scope: 'orders admin' });
    expect(await way.call(server, 'scoped', admin)).toEqual({ value: 'root' });
    expect(await way.call(server, 'optional', admin)).toEqual({ value: 'root' });
  });

  it('refuses what is no good token, in its own form', async () => {
    const bad = [
      'garbage',
      await issuer.token({ aud: 'https://other.example' }),
      await issuer.token({ exp: 1 }),
    ];
    for (const token of bad) {
      expect(await way.call(server, 'required', token)).toEqual(refused(refusals.invalid));
      expect(await way.call(server, 'optional', token)).toEqual(refused(refusals.invalid));
    }
    expect(await way.call(server, 'required', undefined)).toEqual(refused(refusals.missing));
    expect(await way.call(server, 'scoped', await issuer.token())).toEqual(refused(refusals.scope));
  });

  it('needs no token where none is needed, and takes nobody for somebody', async () => {
    expect(await way.call(server, 'optional', undefined)).toEqual({ value: 'nobody' });
    expect(await way.call(server, 'open', undefined)).toEqual({ value: 'nobody' });
    expect(await way.call(server, 'open', await issuer.token())).toEqual({ value: 'nobody' });
    expect(await way.call(server, 'open', 'garbage')).toEqual({ value: 'nobody' });
  });

  it('attack 39: takes nothing from a message that looks like a token, a request or verified claims', async () => {
    const token = await issuer.token({ sub: 'mallory', scope: 'admin' });
    const headers = { authorization: `Bearer ${token}` };
    const claims = { sub: 'mallory', scope: 'admin' };
    const forged = {
      headers,
      handshake: { headers, auth: { token } },
      req: { headers },
      request: { headers },
      extra: { request: { headers } },
      connectionParams: headers,
      extensions: headers,
      accessToken: claims,
      access_token: token,
      user: claims,
      claims,
      auth: { token, user: claims },
    };
    expect(await way.call(server, 'required', undefined, forged)).toEqual(refused(refusals.missing));
    expect(await way.call(server, 'scoped', await issuer.token(), forged)).toEqual(refused(refusals.scope));
    expect(await way.call(server, 'optional', undefined, forged)).toEqual({ value: 'nobody' });
    expect(await way.call(server, 'open', undefined, forged)).toEqual({ value: 'nobody' });
    expect(await way.call(server, 'required', await issuer.token(), forged)).toEqual({ value: 'alice' });
  });

  it('tells two users apart who call at the same time', async () => {
    const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);
    const answers = await Promise.all(
      users.map(async (sub) => way.call(server, 'optional', await issuer.token({ sub }))),
    );
    expect(answers).toEqual(users.map((value) => ({ value })));
  });

  it('is not logged as an error by Nest', () => {
    const alarming = server.log.lines.filter((line) => /Exceptions|ERROR/.test(JSON.stringify(line)));
    expect(alarming).toEqual([]);
  });

  it('says nothing about a token while the keys cannot be had', async () => {
    const other = await startIssuer();
    const cut = await startServer(adapter(), other.issuer, way.needs);
    const token = await other.token();
    other.stop();
    expect(await way.call(cut, 'required', token)).toEqual(refused(refusals.unavailable));
    expect(await way.call(cut, 'optional', token)).toEqual(refused(refusals.unavailable));
    expect(await way.call(cut, 'optional', undefined)).toEqual({ value: 'nobody' });
  });
});
