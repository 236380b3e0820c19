import { afterEach, describe, expect, it } from '@jest/globals';

import { start, stopAll } from '../support/processes.js';

const path = '/.well-known/jwks.json';

describe.each(['Express', 'Fastify'])('a global throttler on %s', (platform) => {
  afterEach(stopAll);

  const startThrottled = (...args: string[]) =>
    start(process.execPath, ['test/support/throttled-application.mjs', platform, ...args]);

  it('answers 429, and its answer stands', async () => {
    const url = await startThrottled();
    expect((await fetch(url + path)).status).toBe(200);
    const second = await fetch(url + path);
    expect(second.status).toBe(429);
    expect(second.headers.get('cache-control')).toBeNull();
  });

  it('is skipped where the application says so with its own decorator', async () => {
    const url = await startThrottled('skip');
    expect([(await fetch(url + path)).status, (await fetch(url + path)).status]).toEqual([200, 200]);
  });
});
