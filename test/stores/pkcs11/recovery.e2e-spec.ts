import { spawn } from 'node:child_process';
import { verify } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { HeldKey, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { rejectionOf } from '../../support/errors.js';
import { childrenOf, KitServer } from '../../support/kms/kit-server.js';
import { isKitInstalled, SoftHsm } from '../../support/kms/soft-hsm.js';
import { root } from '../../support/processes.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { until } from '../../support/waiting.js';

const es256 = algorithmNamed('ES256')!;
/** Shorter than that of a server, and longer than what counts as a hang. */
const deadline = () => AbortSignal.timeout(1_500);
const moduleProcesses = () => childrenOf(process.pid, 'pkcs11-process');

const kit = { kind: 'pkcs11', against: 'the server of p11-kit', isInstalled: isKitInstalled };

describeStore(kit, 'a device that goes away', () => {
  let hsm: SoftHsm;
  let server: KitServer;
  const signers: { readonly driver: KmsDriver; readonly key: HeldKey }[] = [];
  const counted = { signatures: 0, failures: [] as unknown[], wrong: 0, isLoaded: false };
  let load: Promise<unknown> = Promise.resolve();

  beforeAll(async () => {
    // Those of another file end by themselves.
    await until(() => moduleProcesses().length === 0);
    hsm = new SoftHsm();
    server = new KitServer(hsm);
    await server.start();
    for (const label of ['a', 'b', 'c', 'd']) {
      const driver = await open(`token=t1;object=${label}`);
      const key = await driver.create({ alg: 'ES256', algorithm: es256, bits: 0 }, deadline());
      signers.push({ driver, key });
    }
  }, 20_000);
  afterEach(async () => {
    counted.isLoaded = false;
    await load;
    expect(counted.wrong).toBe(0);
    Object.assign(counted, { signatures: 0, failures: [] });
  });
  afterAll(async () => {
    for (const { driver } of signers) driver.close!();
    await until(() => moduleProcesses().length === 0);
    await server?.remove();
    hsm?.stop();
  });

  const open = (place: string) => openKms(`pkcs11:${place}${server.query}`, { name: 'It' });

  const sign = async ({ driver, key }: (typeof signers)[number]): Promise<void> => {
    const data = Buffer.from(String(Math.random()));
    try {
      const signature = await driver.sign(data, es256, deadline());
      const isRight = verify('sha256', data, { ...es256.parameters, key: key.publicKey }, signature);
      counted[isRight ? 'signatures' : 'wrong']++;
    } catch (error) {
      counted.failures.push(error);
      // As whoever asks again does.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const begin = async () => {
    counted.isLoaded = true;
    const worker = async (number: number) => {
      while (counted.isLoaded) await sign(signers[number % signers.length]!);
    };
    load = Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
    await resumed();
  };
  /** More signatures than were under way. */
  const resumed = async () => {
    const before = counted.signatures;
    await until(() => counted.signatures > before + 50);
  };
  const expectTransient = () => {
    for (const failure of counted.failures) {
      expect(failure).toBeInstanceOf(KeyStoreError);
      const { code, isTransient } = failure as KeyStoreError;
      expect([code, isTransient]).toEqual(['KEY_STORE_UNREACHABLE', true]);
    }
  };

  it('its connection breaks, ten times: signing goes on, with the right keys', async () => {
    await begin();
    const [module] = moduleProcesses();
    for (let round = 0; round < 10; round++) {
      server.tell('SIGKILL');
      await resumed();
    }
    expectTransient();
    // A process that lost its device begins again by itself.
    expect(moduleProcesses()).toEqual([module]);
  });

  it('it hangs: what waits fails as something that passes, and signing goes on without it', async () => {
    await begin();
    const hung = server.servants();
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    await resumed();
    expectTransient();
    expect(counted.failures.length).toBeGreaterThan(0);
    for (const pid of hung) if (server.servants().includes(pid)) process.kill(pid, 'SIGCONT');
    await resumed();
    expectTransient();
    expect(moduleProcesses()).toHaveLength(1);
  });

  it('it hangs for a moment: whoever waits gets a signature', async () => {
    await begin();
    const [module] = moduleProcesses();
    server.tell('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.tell('SIGCONT');
    await resumed();
    expect(counted.failures).toEqual([]);
    expect(moduleProcesses()).toEqual([module]);
  });

  it('a signature that gets no answer takes no key with it that is being made', async () => {
    await sign(signers[0]!);
    const [module] = moduleProcesses();
    const maker = await open('token=t1;object=made');
    process.kill(module!, 'SIGSTOP');
    const made = maker.create({ alg: 'ES256', algorithm: es256, bits: 0 }, AbortSignal.timeout(10_000));
    const error = await rejectionOf(signers[0]!.driver.sign(Buffer.from('data'), es256, deadline()));
    process.kill(module!, 'SIGCONT');
    expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE' });
    expect((await made).reference).toContain('object=made');
    expect(moduleProcesses()).toEqual([module]);
    maker.close!();
  });

  it('whoever gives up at once takes nothing from the others', async () => {
    await begin();
    const [module] = moduleProcesses();
    for (let round = 0; round < 20; round++) {
      const giving = new AbortController();
      const asked = signers[0]!.driver.sign(Buffer.from('data'), es256, giving.signal);
      setTimeout(() => giving.abort(), round % 5);
      await asked.catch(() => undefined);
    }
    await resumed();
    expect(counted.failures).toEqual([]);
    expect(moduleProcesses()).toEqual([module]);
  });

  it('its server is away and comes back: signing goes on', async () => {
    await begin();
    await server.stop();
    await until(() => counted.failures.length > 20);
    await server.start();
    await resumed();
    expectTransient();
  });

  it('the process with the module is killed: the next request starts another', async () => {
    await begin();
    const [module] = moduleProcesses();
    process.kill(module!, 'SIGKILL');
    await until(() => moduleProcesses().some((pid) => pid !== module));
    await resumed();
    expectTransient();
    expect(moduleProcesses()).toHaveLength(1);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'a %s that the whole service gets leaves the module to its application',
    async (signal) => {
      await begin();
      const [module] = moduleProcesses();
      process.kill(module!, signal);
      await resumed();
      expect(counted.failures).toEqual([]);
      expect(moduleProcesses()).toEqual([module]);
    },
  );

  it('a key is never made twice, since it may have been made without an answer', async () => {
    const driver = await open('token=t1;object=once');
    server.tell('SIGKILL');
    const wish = { alg: 'ES256', algorithm: es256, bits: 0 } as const;
    const error = (await rejectionOf(driver.create(wish, deadline()))) as KeyStoreError;
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_UNREACHABLE', true]);
    await driver.create(wish, deadline());
    driver.close!();
  });

  it('what the module cannot do is said by the name of the token’s answer', async () => {
    const driver = await open('token=t1;object=rsa');
    await driver.create({ alg: 'PS256', algorithm: algorithmNamed('PS256')!, bits: 2048 }, deadline());
    const error = (await rejectionOf(
      driver.sign(Buffer.from('data'), algorithmNamed('PS256')!, deadline()),
    )) as KeyStoreError;
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
    expect(error.message).toContain('CKR_MECHANISM_INVALID');
    driver.close!();
  });

  it.each(['by itself', 'SIGKILL while a call hangs'])(
    'leaves no process when its application ends: %s',
    async (end) => {
      const program = `
        import { openKms } from ${JSON.stringify(join(root, 'dist/stores/kms-reference.js'))};
        import { algorithmNamed } from ${JSON.stringify(join(root, 'dist/core/algorithms.js'))};
        const driver = await openKms(${JSON.stringify(signers[0]!.key.reference + server.query)}, { name: 'It' });
        const sign = () => driver.sign(Buffer.from('data'), algorithmNamed('ES256'), AbortSignal.timeout(60_000));
        console.log((await sign()).length);
        if (process.argv[1] === 'hang') process.once('SIGUSR2', () => void sign());
        else process.exitCode = 3;
        if (process.argv[1] === 'hang') setInterval(() => undefined, 1000);
      `;
      const args = ['--input-type=module', '-e', program, ...(end === 'by itself' ? [] : ['hang'])];
      const ours = server.servants();
      const application = spawn(process.execPath, args, {
        env: process.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(application, 'exit');
      await once(application.stdout, 'data');
      const [module] = childrenOf(application.pid!, 'pkcs11-process');
      if (end !== 'by itself') {
        const its = server.servants().filter((pid) => !ours.includes(pid));
        for (const pid of its) process.kill(pid, 'SIGSTOP');
        application.kill('SIGUSR2');
        await new Promise((resolve) => setTimeout(resolve, 300));
        application.kill('SIGKILL');
        await until(() => !isRunning(module!));
        for (const pid of its) process.kill(pid, 'SIGKILL');
      }
      await ended;
      await until(() => module === undefined || !isRunning(module));
      if (end === 'by itself') expect(application.exitCode).toBe(3);
    },
  );
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
