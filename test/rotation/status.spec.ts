import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { KeySlots } from '../../lib/core/reading/key-slots.js';
import { KeyRotation } from '../../lib/rotation/key-rotation.js';
import type { KeyRotationEvent } from '../../lib/rotation/rotation-event.js';
import { timingOf } from '../../lib/rotation/timing.js';
import { ecKey, FakeClock } from '../support/lives.js';

const minute = 60_000;
const timing = timingOf({ jwksMaxAge: 600, keySpread: 0, clockSkew: 0, keyRetention: 90 * 60 });
const start = Date.parse('2030-01-01T00:00:00Z');
const [a, b] = ['a', 'b'].map((kid) => ({ key: ecKey(), kid }));

let clock: FakeClock;
let rotation: KeyRotation;
let events: KeyRotationEvent[];
let said: string[];

beforeEach(() => {
  clock = new FakeClock(start);
  events = [];
  said = [];
});
afterEach(() => rotation.close());

async function begin(slots: KeySlots): Promise<void> {
  const say = (message: string) => void said.push(message);
  rotation = await KeyRotation.start({
    source: { load: async () => slots },
    timing,
    algorithm: undefined,
    log: { log: say, warn: say, error: say },
    clock: () => clock.now,
  });
  rotation.events$.subscribe((event) => events.push(event));
}

const slotsNow = () => rotation.status().keys.map(({ kid, slot }) => `${kid} ${slot}`);

describe('status', () => {
  it('changes nothing, however often it is asked while the wall clock is ahead', async () => {
    const scheduled = { current: a!, next: b!, nextActivatesAt: new Date(start + 30 * minute) };
    await begin(scheduled);
    const before = rotation.status();
    clock.offset += 60 * minute;
    for (let time = 0; time < 1000; time++) rotation.status();
    clock.offset -= 60 * minute;
    expect(rotation.status()).toEqual(before);
    await rotation.reload();
    expect(slotsNow()).toEqual(['a current', 'b next']);
    expect(events.map(({ type }) => type)).toEqual(['loaded']);
    // The instant that was seen to come by the rotation itself does promote.
    clock.offset += 60 * minute;
    await rotation.reload();
    expect(slotsNow()).toEqual(['b current', 'a previous']);
  });

  it('tells when the next change is due by the wall clock as it is, and since when each key is in its slot', async () => {
    const slots: KeySlots = { current: a! };
    await begin(slots);
    clock.monotonic += minute;
    Object.assign(slots, { current: b! });
    await rotation.reload();
    clock.offset += 5 * minute;
    const { keys, nextChangeAt, loadedAt } = rotation.status();
    expect(nextChangeAt).toEqual(new Date(start + 16 * minute));
    expect(keys).toEqual([
      { kid: 'a', slot: 'current', algorithm: 'ES256', since: new Date(start + 5 * minute) },
      { kid: 'b', slot: 'next', algorithm: 'ES256', since: new Date(start + 6 * minute) },
    ]);
    expect(loadedAt).toEqual(new Date(start + minute));
  });

  it('holds the warnings for as long as they hold, and the log has each once', async () => {
    const slots: KeySlots = { current: a! };
    await begin(slots);
    expect(rotation.status().warnings).toEqual([]);
    Object.assign(slots, { current: b! });
    await rotation.reload();
    await rotation.reload();
    const waits = `ES256 key b signs from ${new Date(start + 10 * minute).toISOString()} on`;
    expect(rotation.status().warnings).toEqual([expect.stringContaining(waits)]);
    expect(said.filter((line) => line.includes(waits))).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'waiting')).toEqual([
      {
        type: 'waiting',
        kid: 'b',
        algorithm: 'ES256',
        until: new Date(start + 10 * minute),
        at: new Date(start),
      },
    ]);
    clock.monotonic += 10 * minute;
    await rotation.reload();
    expect(rotation.status().warnings).toEqual([
      expect.stringMatching(/^Key a is no longer in the configuration/),
    ]);
  });
});
