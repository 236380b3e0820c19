import { maxHeaderSize } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { forgeries } from '../support/forgeries.js';
import { headerOf, payloadOf } from '../support/tokens.js';
import { startAndIssue } from './issued.js';
import { resigned, withToken } from './raw-client.js';
import type { Answer, RawClient, Code, Tokens } from './raw-client.js';
import type { Sample } from './sample-server.js';

let sample: Sample;
let client: RawClient;
let tokens: Tokens;
let code: Code;

beforeAll(async () => {
  ({ sample, client, tokens, code } = await startAndIssue());
});
afterAll(() => sample.server.stop());

/** A place where the server is handed a token: the real one, how it is handed in, and whether it was taken. */
type Door = [
  name: string,
  original: () => string,
  enter: (token: string) => Promise<Answer>,
  isTaken: (answer: Answer) => boolean,
];

const isOk = ({ status }: Answer) => status === 200;
const isActive = ({ body }: Answer) => body['active'] !== false;

/**
 * Node answers 431 to a header that is too long and hangs up while the rest is still being sent, so that the client may
 * see the end of the connection in place of the answer. That the server lives on is seen below, where it takes a token.
 */
async function inHeader(path: string, token: string): Promise<Answer> {
  try {
    return await withToken(sample, path, token);
  } catch (error) {
    const { cause = {} } = error as { cause?: { code?: string } };
    if (token.length <= maxHeaderSize || !['ECONNRESET', 'EPIPE'].includes(cause.code ?? '')) throw error;
    return { status: 431, headers: new Headers(), body: {} };
  }
}

/** What asks for a token and spends nothing. */
const readers: Door[] = [
  ['UserInfo', () => tokens.access_token, (token) => inHeader('userinfo', token), isOk],
  ['the API', () => tokens.access_token, (token) => inHeader('api/me', token), isOk],
  [
    'introspection, as an access token',
    () => tokens.access_token,
    (token) => client.introspect(token),
    (answer) => isOk(answer) && isActive(answer),
  ],
  [
    'introspection, as a refresh token',
    () => tokens.refresh_token,
    (token) => client.introspect(token),
    (answer) => isOk(answer) && isActive(answer),
  ],
];

/** What spends a token that it takes. */
const spenders: Door[] = [
  [
    'the token endpoint, as a code',
    () => code.code,
    (token) => client.redeem({ ...code, code: token }),
    isOk,
  ],
  [
    'the token endpoint, as a refresh token',
    () => tokens.refresh_token,
    (token) => client.refresh(token),
    isOk,
  ],
];

describe.each([...readers, ...spenders])('%s', (_, original, enter, isTaken) => {
  it.each(forgeries)('%s is refused', async (_title, make) => {
    const token = original();
    const forged = make({ key: sample.key, header: headerOf(token), claims: payloadOf(token) });
    const answer = await enter(forged);
    expect(isTaken(answer)).toBe(false);
    expect(answer.status).toBeLessThan(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/eyJ|alice/);
  });
});

describe('revocation', () => {
  it.each(forgeries)('%s ends nothing', async (_, make) => {
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const forged = make({ key: sample.key, header: headerOf(token), claims: payloadOf(token) });
      expect((await client.revoke(forged)).status).toBeLessThan(500);
    }
    expect(await client.isActive(tokens.access_token)).toBe(true);
    expect(await client.isActive(tokens.refresh_token)).toBe(true);
  });
});

// Last, because it spends them; and so it is known that what was refused above was refused for its forgery.
describe.each([...readers, ...spenders])('%s', (_, original, enter, isTaken) => {
  it('attack 6: takes the real token, signed again without a kid', async () => {
    expect(isTaken(await enter(resigned(sample, original(), {}, { kid: undefined })))).toBe(true);
  });
});

it('nothing of all this was an error of the server', () => {
  expect(sample.server.log).not.toMatch(/ERROR|at .*\.js:\d+/);
});
