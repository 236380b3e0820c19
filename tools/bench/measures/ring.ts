import { setTimeout as wait } from 'node:timers/promises';

import { NestFactory } from '@nestjs/core';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { payload } from '../contender.js';
import { makeKey } from '../keys.js';
import { makePublicKeys } from '../public-keys.js';
import { cpuTime, interleaved } from '../rounds.js';
import { quantile, rowOf } from '../row.js';
import type { Row } from '../row.js';

const size = 1_000;
const rounds = 11;

export async function measureRing(): Promise<Row[]> {
  const key = makeKey('RSA-2048');
  const previousKeys = makePublicKeys(size - 1).map((jwk, index) => ({ ...jwk, kid: `previous-${index}` }));
  const [withMany, withOne] = [new JwtService({ key, previousKeys }), new JwtService({ key })];
  const token = await withOne.sign(payload);

  const target = { atMost: 1.05 };
  const rows: Row[] = [];
  for (const [name, call] of [
    ['sign', (service: JwtService) => service.sign(payload)],
    ['verify', (service: JwtService) => service.verify(token)],
  ] as const) {
    const { ours, theirs } = await interleaved(
      { ours: () => cpuTime(() => call(withMany)), theirs: () => cpuTime(() => call(withOne)) },
      rounds,
    );
    const about = {
      measure: `CPU time of ${name}, ${size} published keys`,
      beside: 'one key',
      unit: 'µs',
      target,
    };
    rows.push(rowOf(about, ours, theirs));
  }
  rows.push(await longestTurnOfReload(key, previousKeys));
  return rows;
}

/** How long a reload holds up the event loop at most, beside turns of the same loop without one. */
async function longestTurnOfReload(key: object, previous: object[]): Promise<Row> {
  const next = makeKey('RSA-2048');
  let round = 0;
  const load = () =>
    Promise.resolve({ current: key, next: round % 2 === 0 ? undefined : next, previous } as never);
  const app = await NestFactory.createApplicationContext(OidcKeyModule.forRoot({ source: { load } }), {
    logger: ['error'],
  });
  const rotation = app.get(KeyRotation);
  const slots = () =>
    rotation
      .status()
      .keys.map(({ slot }) => slot)
      .join();
  const [turns, idle]: [number[], number[]] = [[], []];
  for (round = 1; round <= 100; round++) {
    const before = slots();
    turns.push(await longestTurnDuring(() => rotation.reload()));
    if (slots() === before) throw new Error('no ring was replaced');
    idle.push(await longestTurnDuring(() => wait(2)));
  }
  await app.close();
  const worst = quantile(turns, 1).toFixed(1);
  return rowOf(
    {
      measure: `longest turn of the event loop while a ring of ${size} keys is replaced (worst of 100: ${worst} ms)`,
      beside: 'nothing going on',
      unit: 'ms',
      kind: 'difference',
      target: { atMost: 5 },
    },
    turns,
    idle,
  );
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
