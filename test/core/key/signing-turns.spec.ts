import { setImmediate as turn } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { SigningTurns } from '../../../lib/core/key/signing-turns.js';

/** How many signatures were made in each turn of the event loop, and in which order all of them. */
async function turnsOf(signatures: number): Promise<{ perTurn: number[]; order: number[] }> {
  const turns = new SigningTurns();
  const order: number[] = [];
  const signed = Array.from({ length: signatures }, (_, index) => turns.run(() => order.push(index)));
  const perTurn: number[] = [];
  let before = 0;
  while (order.length < signatures) {
    await turn();
    perTurn.push(order.length - before);
    before = order.length;
  }
  await Promise.all(signed);
  return { perTurn: perTurn.filter((count) => count > 0), order };
}

describe('cheap signatures', () => {
  it('are made at once while there are few', async () => {
    const turns = new SigningTurns();
    const made: string[] = [];
    const signed = turns.run(() => made.push('signature'));
    expect(made).toEqual(['signature']);
    await signed;
  });

  it.each([1, 4, 5, 50])(
    'of %d no more than four are made in a turn, first come, first served',
    async (count) => {
      const { perTurn, order } = await turnsOf(count);
      expect(order).toEqual(Array.from({ length: count }, (_, index) => index));
      // Those that came first are made where they came, before the turn ends that the others wait for.
      const [first = 0, ...later] = perTurn;
      expect(first).toBeLessThanOrEqual(8);
      expect(Math.max(0, ...later)).toBeLessThanOrEqual(4);
    },
  );

  it('let others have the event loop in between', async () => {
    const turns = new SigningTurns();
    let others = 0;
    const over = new AbortController();
    const other = async () => {
      while (!over.signal.aborted) {
        await turn();
        others += 1;
      }
    };
    const running = other();
    await Promise.all(Array.from({ length: 100 }, () => turns.run(() => undefined)));
    over.abort();
    await running;
    expect(others).toBeGreaterThan(20);
  });

  it('go on after one that failed, which rejects', async () => {
    const turns = new SigningTurns();
    const failing = Array.from({ length: 10 }, (_, index) =>
      turns.run(() => {
        if (index % 2 === 0) throw new Error('no signature');
        return index;
      }),
    );
    const outcomes = await Promise.allSettled(failing);
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'rejected' : 'fulfilled')),
    );
    await expect(turns.run(() => 'after')).resolves.toBe('after');
  });

  it('that follow each other share the turns with those that came before them', async () => {
    const turns = new SigningTurns();
    const made: number[] = [];
    const oneAfterTheOther = async () => {
      for (let call = 0; call < 10; call++) await turns.run(() => made.push(call));
    };
    const all = Promise.all([oneAfterTheOther(), oneAfterTheOther()]);
    let turnsTaken = 0;
    while (made.length < 20) {
      await turn();
      turnsTaken += 1;
    }
    await all;
    expect(turnsTaken).toBeGreaterThanOrEqual(4);
  });
});
