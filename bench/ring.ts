import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { JwtService, LiveRing } from '../lib/core/jwt.service.js';
import { KeyRing } from '../lib/core/key-ring.js';
import { settingsFromOptions } from '../lib/core/key-settings.js';
import type { SigningKey } from '../lib/core/signing-key.js';
import { loadSlotsNow } from '../lib/core/slots.js';
import { VerificationKey } from '../lib/core/verification-key.js';
import { KeyRotation } from '../lib/rotation/key-rotation.js';
import { readingSource } from '../lib/rotation/reading.js';

const size = 1_000;
const timing = { propagation: 3_600_000, retention: 2_592_000_000 };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [current] = loadSlotsNow(settingsFromOptions({ key: rsa })).current as [SigningKey];

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

/** How long a reload holds up the event loop at most: the longest turn while it runs; one for each reload. */
async function longestTurns(): Promise<number[]> {
  const next = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const previousKeys = previous.map(({ publicKey, kid }) => ({ key: publicKey, kid }));
  let round = 0;
  const load = () =>
    Promise.resolve({ current: rsa, next: round % 2 === 0 ? undefined : next, previous: previousKeys });
  const log = {
    log: () => undefined,
    warn: () => undefined,
    error: (message: string) => process.stderr.write(`${message}\n`),
  };
  const rotation = await KeyRotation.start({
    source: readingSource({ load }),
    timing,
    algorithm: undefined,
    log,
  });
  const turns: number[] = [];
  for (round = 1; round <= 100; round++) {
    const before = rotation.ring;
    turns.push(await longestTurnDuring(() => rotation.reload()));
    if (rotation.ring === before || rotation.ring.kids().length < size)
      throw new Error('no ring was replaced');
  }
  rotation.close();
  return turns;
}

async function longestTurnDuring(work: () => Promise<unknown>): Promise<number> {
  let [longest, last, isOver] = [0, performance.now(), false];
  const turn = () => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work();
  await wait(1);
  isOver = true;
  return longest;
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

const turns = await longestTurns();
const lines = [
  `longest turn of the event loop while a ring of ${size} keys is replaced: median ${median(turns).toFixed(2)} ms, ` +
    `worst of ${turns.length} ${Math.max(...turns).toFixed(2)} ms`,
  `CPU time of sign,   ${size} keys / 1 key  ${(await ratioOf((each) => each.sign({ sub: 'alice' }))).toFixed(3)}`,
  `CPU time of verify, ${size} keys / 1 key  ${(await ratioOf((each) => each.verify(token))).toFixed(3)}`,
];
process.stdout.write(`${lines.join('\n')}\n`);
