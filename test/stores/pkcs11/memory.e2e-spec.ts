import { readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { childrenOf, KitServer } from '../../support/kms/kit-server.js';
import { pkcs11UnderTest } from '../../support/kms/pkcs11.under-test.js';
import { isKitInstalled, SoftHsm } from '../../support/kms/soft-hsm.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { until } from '../../support/waiting.js';

const algorithm = algorithmNamed('ES256')!;
const data = Buffer.from('data');

function megabytesOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) / 1024;
}

describeStore(pkcs11UnderTest, 'the process with the module', () => {
  it('takes no more memory for signing more, nor for refusing more', async () => {
    await until(() => childrenOf(process.pid, 'pkcs11-process').length === 0);
    const hsm = new SoftHsm();
    const open = (object: string) => openKms(`pkcs11:token=t1;object=${object}${hsm.query}`, { name: 'It' });
    const [driver, none] = await Promise.all([open('memory'), open('none')]);
    try {
      await driver.create({ alg: 'ES256', algorithm, bits: 0 }, AbortSignal.timeout(5_000));
      const sign = async (count: number) => {
        for (let left = count / 10; left > 0; left--) {
          await Promise.all(
            Array.from({ length: 10 }, () => driver.sign(data, algorithm, AbortSignal.timeout(5_000))),
          );
          await none.sign(data, algorithm, AbortSignal.timeout(5_000)).catch(() => undefined);
        }
      };
      const [pid] = childrenOf(process.pid, 'pkcs11-process');
      await sign(8_000);
      const before = megabytesOf(pid!);
      await sign(12_000);
      const growth = megabytesOf(pid!) - before;
      // A kilobyte a signature would be twelve more than what V8 takes before it cleans up.
      expect(growth).toBeLessThan(12);
    } finally {
      driver.close!();
      none.close!();
      hsm.stop();
    }
  });
});

const kit = { kind: 'pkcs11', against: 'the server of p11-kit', isInstalled: isKitInstalled };

describeStore(kit, 'the process with the module', () => {
  it('takes no more memory for a device that goes away more often', async () => {
    await until(() => childrenOf(process.pid, 'pkcs11-process').length === 0);
    const hsm = new SoftHsm();
    const server = new KitServer(hsm);
    await server.start();
    const driver = await openKms(`pkcs11:token=t1;object=memory${server.query}`, { name: 'It' });
    try {
      await driver.create({ alg: 'ES256', algorithm, bits: 0 }, AbortSignal.timeout(5_000));
      const sign = () =>
        driver.sign(data, algorithm, AbortSignal.timeout(5_000)).then(
          () => true,
          () => false,
        );
      const goAway = async (times: number) => {
        for (let left = times; left > 0; left--) {
          const before = server.servants();
          server.tell('SIGKILL');
          await until(async () => {
            const areSigned = await Promise.all(Array.from({ length: 20 }, sign));
            return areSigned.every(Boolean) && !server.servants().some((pid) => before.includes(pid));
          });
        }
      };
      const [pid] = childrenOf(process.pid, 'pkcs11-process');
      await goAway(100);
      const before = megabytesOf(pid!);
      await goAway(200);
      expect(childrenOf(process.pid, 'pkcs11-process')).toEqual([pid]);
      // 60 kB for each time; it takes about 20.
      expect(megabytesOf(pid!) - before).toBeLessThan(12);
    } finally {
      driver.close!();
      await server.remove();
      hsm.stop();
    }
  }, 120_000);
});
