import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { JwtService, LiveRing } from '../lib/core/jwt.service.js';
import { KeyRing } from '../lib/core/key-ring.js';
import { settingsFromOptions } from '../lib/core/key-settings.js';
import { SigningKey, VerificationKey } from '../lib/core/signing-key.js';
import { loadSlotsNow } from '../lib/core/slots.js';
import { systemClock } from '../lib/rotation/clock.js';
import { RotationState } from '../lib/rotation/rotation-state.js';

const size = 1_000;
const timing = { propagation: 3_600_000, retention: 2_592_000_000 };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [current] = loadSlotsNow(settingsFromOptions({ key: rsa })).current as [SigningKey];
const next = new SigningKey({
  keyObject: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  where: 'next',
});

/** One modulus under many kids: making a thousand RSA keys would take minutes, and their bytes are as many. */
const previous = Array.from(
  { length: size - 1 },
  (_, index) =>
    new VerificationKey({ keyObject: current.publicKey, kid: `previous-${index}`, where: 'previous' }),
);

const one = new KeyRing({ current: [current], next: [], previous: [] });
const many = new KeyRing({ current: [current], next: [], previous });
const service = (ring: KeyRing) => new JwtService(new LiveRing(() => ring));
const [withOne, withMany] = [service(one), service(many)];
const token = await withOne.sign({ sub: 'alice' });

/** How long replacing the ring takes, which is how long it holds up the event loop; the median. */
async function swapTime(): Promise<number> {
  const plan = { current: [current], next: [], previous };
  const state = new RotationState(plan, new Set(), systemClock, timing);
  const durations: number[] = [];
  for (let round = 0; round < 100; round++) {
    const start = performance.now();
    state.configure({ ...plan, next: round % 2 === 0 ? [next] : [] });
    const ring = new KeyRing(state.slots());
    durations.push(performance.now() - start);
    if (ring.kids().length < size) throw new Error('the ring is not what was to be measured');
    await wait(1);
  }
  return median(durations);
}

/** CPU time of a call with many keys over the same with one: both in each round, so that a busy machine does not decide. */
async function ratioOf(call: (service: JwtService) => Promise<unknown>): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < 60; round++) {
    const [first, second] = round % 2 === 0 ? [withOne, withMany] : [withMany, withOne];
    const times = new Map([
      [first, await cpuTime(() => call(first))],
      [second, await cpuTime(() => call(second))],
    ]);
    ratios.push(times.get(withMany)! / times.get(withOne)!);
  }
  return median(ratios);
}

async function cpuTime(call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < 100; count++) await call();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const lines = [
  `replace a ring of ${size} keys            ${(await swapTime()).toFixed(2)} ms`,
  `CPU time of sign,   ${size} keys / 1 key  ${(await ratioOf((each) => each.sign({ sub: 'alice' }))).toFixed(3)}`,
  `CPU time of verify, ${size} keys / 1 key  ${(await ratioOf((each) => each.verify(token))).toFixed(3)}`,
];
process.stdout.write(`${lines.join('\n')}\n`);
