import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { ModuleProcess } from '../../../lib/stores/pkcs11/module-process.js';
import { rejectionOf } from '../../support/errors.js';
import { childrenOf } from '../../support/kms/kit-server.js';
import { root } from '../../support/processes.js';
import { until } from '../../support/waiting.js';

const double = 'module-process.double.mjs';
jest.unstable_mockModule('../../support/kms/process-path.js', () => ({
  processPath: pathToFileURL(join(root, 'test/support/kms', double)),
}));
const { ModuleProcess: Process } = await import('../../../lib/stores/pkcs11/module-process.js');

const running = () => childrenOf(process.pid, double);

describe('a call that hangs in a module', () => {
  let module: ModuleProcess;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    module = new Process({ module: '/module.so', token: { token: 't1' }, pinSource: undefined });
  });
  afterEach(async () => {
    module.end();
    jest.useRealTimers();
    await until(() => running().length === 0);
  });

  const ask = (where: string, signal = new AbortController().signal) =>
    module.ask({ ask: 'find', where, key: { object: Buffer.from(where), id: undefined } }, signal);
  const givenUp = async () => {
    const asking = new AbortController();
    const hung = ask('hangs', asking.signal);
    asking.abort();
    expect(await rejectionOf(hung)).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: true });
    return running();
  };

  it('ends its process after a second in which that answers nobody', async () => {
    const [pid] = await givenUp();
    await jest.advanceTimersByTimeAsync(999);
    expect(running()).toEqual([pid]);
    await jest.advanceTimersByTimeAsync(1);
    await until(() => running().length === 0);
  });

  it('has five seconds in a process that answers others', async () => {
    const [pid] = await givenUp();
    for (let passed = 900; passed < 5_000; passed += 900) {
      await jest.advanceTimersByTimeAsync(900);
      await ask('answers');
    }
    expect(running()).toEqual([pid]);
    await jest.advanceTimersByTimeAsync(500);
    await until(() => running().length === 0);
    await jest.advanceTimersByTimeAsync(60_000);
    await ask('answers');
    expect(running()).not.toContain(pid);
  });

  it('is not what ends a process that answered it in the end', async () => {
    const asking = new AbortController();
    const [pid] = await ask('answers').then(running);
    const slow = ask('answers', asking.signal);
    asking.abort();
    await rejectionOf(slow);
    await ask('answers');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(running()).toEqual([pid]);
  });
});
