import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { holdWrites } from './database.js';
import { RawClient } from './raw-client.js';
import type { Answer } from './raw-client.js';
import { startSample, startSecond } from './sample-server.js';
import type { Sample } from './sample-server.js';

let first: Sample;
let second: Sample;

beforeAll(async () => {
  first = await startSample();
  second = await startSecond(first);
});
afterAll(() => Promise.all([first.server.stop(), second.server.stop()]));

describe('attack 31: two servers on one database that are asked at the same moment', () => {
  /** Both have found the code or token good, and have yet to write that it is spent, when the lock is lifted. */
  async function askBoth(ask: (client: RawClient) => Promise<Answer>): Promise<Answer[]> {
    const release = await holdWrites(first);
    const answers = Promise.all([first, second].map((sample) => ask(RawClient.native(sample))));
    await wait(1000);
    await release();
    return (await answers).toSorted((one, other) => one.status - other.status);
  }

  it('exchange a code once', async () => {
    const code = await RawClient.native(first).code();
    const [exchanged, refused] = await askBoth((client) => client.redeem(code));
    expect([exchanged?.status, refused?.status, refused?.body['error']]).toEqual([200, 400, 'invalid_grant']);
  });

  it('exchange a refresh token once', async () => {
    const { refresh_token } = await RawClient.native(first).tokens();
    const [exchanged, refused] = await askBoth((client) => client.refresh(refresh_token));
    expect([exchanged?.status, refused?.status, refused?.body['error']]).toEqual([200, 400, 'invalid_grant']);
  });
});
