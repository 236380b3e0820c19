import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { RemoteSigner } from '../../../lib/core/key/remote-signer.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { isSoftHsmInstalled, pin, SoftHsm, softHsmModule } from '../../../test/support/kms/soft-hsm.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';

const signatures = 2_000;
const atOnce = 8;
const data = Buffer.alloc(500, 'x');
const program = fileURLToPath(new URL('../processes/bare-pkcs11.js', import.meta.url));

/** How many signatures of a token come through this package, beside a bare process with as many sessions. */
export async function measureTokenSigning(): Promise<Row[]> {
  if (!isSoftHsmInstalled) {
    process.stderr.write(
      'SoftHSM is not installed, and what it signs is not measured; .ci/machine installs it.\n',
    );
    return [];
  }
  const hsm = new SoftHsm();
  try {
    const context = { name: 'The key' };
    const algorithm = algorithmNamed('RS256')!;
    const target = await openKms(`pkcs11:token=t1;object=bench${hsm.query}`, context);
    const wish = { alg: 'RS256', algorithm, bits: 2048 } as const;
    // The bare process finds the key when it starts, so it is made before.
    const held = await target.create(wish, AbortSignal.timeout(30_000));
    const driver = await openKms(held.reference + hsm.query, context);
    const key = new VerificationKey({ keyObject: held.publicKey, where: held.reference });
    const signer = new RemoteSigner({
      key,
      where: held.reference,
      signer: { sign: (input, signal) => driver.sign(input, algorithm, signal!) },
    });
    const bare = await bareSigner(hsm);
    const longest = { ours: 0, theirs: 0, checked: 0 };
    /** The rate, and how long the event loop was held up meanwhile: between two rounds nobody is to be. */
    const watched = async (who: keyof typeof longest, sign: () => Promise<unknown>) => {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const perSecond = await rateOf(sign);
      delay.disable();
      longest[who] = Math.max(longest[who], delay.max / 1e6);
      return perSecond;
    };
    const rate = await interleaved(
      {
        ours: () => watched('ours', () => signer.sign(data)),
        theirs: () => watched('theirs', bare.sign),
        checked: () => watched('checked', async () => key.verifies(data, await bare.sign())),
      },
      11,
    );
    bare.end();
    target.close?.();
    driver.close?.();
    process.stderr.write(
      `The event loop was held up for ${longest.ours.toFixed(1)} ms at most, beside the bare process for ` +
        `${longest.theirs.toFixed(1)} ms.\n`,
    );
    const measure = 'signatures of RS256 by SoftHSM, 8 at once';
    const beside = 'a bare child process with as many sessions';
    return [
      rowOf(
        { measure, beside: `${beside}, which checks nothing`, unit: '/s', target: { atLeast: 0.95 } },
        rate.ours,
        rate.theirs,
      ),
      rowOf({ measure, beside: `${beside}, each signature checked`, unit: '/s' }, rate.ours, rate.checked),
    ];
  } finally {
    hsm.stop();
  }
}

async function rateOf(sign: () => Promise<unknown>): Promise<number> {
  let left = signatures;
  const start = performance.now();
  const work = async () => {
    while (left-- > 0) await sign();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return (signatures * 1000) / (performance.now() - start);
}

async function bareSigner(hsm: SoftHsm): Promise<{ sign: () => Promise<Buffer>; end: () => void }> {
  const child = fork(program, [softHsmModule, 't1', pin, 'bench'], {
    env: { ...process.env, ...hsm.environment },
    serialization: 'advanced',
  });
  await once(child, 'message');
  const asked = new Map<number, (signature: Buffer) => void>();
  child.on('message', ({ number, signature }: { number: number; signature: Buffer }) => {
    asked.get(number)!(signature);
    asked.delete(number);
  });
  let last = 0;
  return {
    sign: () =>
      new Promise((resolve) => {
        asked.set((last += 1), resolve);
        child.send({ number: last, data });
      }),
    end: () => child.kill(),
  };
}
