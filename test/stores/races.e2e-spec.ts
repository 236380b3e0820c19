import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import type { KeySet } from '../../lib/core/key-set/key-set.js';
import { stateAt } from '../../lib/core/key-set/state-at.js';
import { defaultTiming } from '../../lib/rotation/timing.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { Commander } from '../support/stores/commander.js';
import { everyStore } from '../support/stores/every-store.js';
import { describeStore } from '../support/stores/store-under-test.js';
import type { PlaceUnderTest, RunningStore } from '../support/stores/store-under-test.js';

/** Of the whole run, which `npm run soak` does; a twentieth otherwise. */
const roundsOf = (kind: string) => {
  const whole = ['file', 'vault'].includes(kind) ? 1000 : 100;
  return process.env.WHOLE_RUN === '1' ? whole : whole / 20;
};
/** Otherwise every ninth of the bytes, and not always the same ones. */
const stride = process.env.WHOLE_RUN === '1' ? 1 : 9;
/** Revoked keys stay for a year, and a store may be small. */
const roundsInAPlace = 10;
const hours = 3_600_000;

async function keySetAt(place: PlaceUnderTest): Promise<KeySet> {
  const { text } = (await place.open().read())!;
  return (await openStored(text, { where: 'The store', passphrase: undefined }))!;
}

const newIn = (after: KeySet, before: KeySet) => after.keys.filter((key) => !before.has(key));
const waiting = (set: KeySet) => {
  const now = Date.now() / 1000;
  return set.keys.filter(({ nbf = 0, revoked }) => nbf > now && !revoked);
};

for (const store of everyStore) {
  describeStore(store, 'processes that change the keys at once', () => {
    let running: RunningStore;
    const commanders: Commander[] = [];
    beforeAll(async () => {
      running = await store.start();
    }, 120_000);
    afterAll(() => running?.stop());
    afterEach(() => {
      for (const each of commanders.splice(0)) each.end();
    });
    const start = async (place: PlaceUnderTest) => {
      const each = await Commander.start(place.environment);
      commanders.push(each);
      return each;
    };

    const rounds = roundsOf(store.kind);
    it(
      `attack 46: make one key in each of ${rounds} rounds, and lose no revocation`,
      async () => {
        const revoked = new Set<string>();
        let place = await running.place();
        const [one, other] = [await start(place), await start(place)];
        const check = async () => {
          const set = await keySetAt(place);
          const { signing } = stateAt({ set, figures: defaultTiming }, Math.floor(Date.now() / 1000));
          expect(signing.size).toBe(1);
          for (const kid of revoked) {
            const key = set.named(kid);
            expect([kid, key?.revoked !== undefined, key?.hasPrivateHalf]).toEqual([kid, true, false]);
          }
          return { set, signs: [...signing.values()][0]! };
        };
        for (let round = 0; round < rounds; round++) {
          if (round % roundsInAPlace === 0) {
            place = await running.place();
            revoked.clear();
            const first = await Promise.all(
              [one, other].map((each) => each.run('init', { store: place.reference, algorithm: 'ES256' })),
            );
            expect(first.map((each) => each!.outcome)).toContain('written');
            expect((await check()).set.keys).toHaveLength(1);
          }
          const { reference } = place;
          for (const { kid } of waiting((await check()).set)) {
            await one.run('revoke', { store: reference, kid });
            revoked.add(kid);
          }
          const before = await check();
          const rotations = await Promise.all([
            one.run('rotate', { store: reference }),
            other.run('rotate', { store: reference }),
          ]);
          expect(
            rotations
              .map((each) => each!.outcome)
              .toSorted()
              .at(-1),
          ).toBe('written');
          for (const each of rotations) expect(['written', 'KEY_WAITS']).toContain(each!.outcome);
          const rotated = await check();
          expect([newIn(rotated.set, before.set).length, waiting(rotated.set).length]).toEqual([1, 1]);

          // Of the key that signs and the one that waits at once, or of the one while another is made.
          const [next] = waiting(rotated.set);
          const kids = round % 2 === 0 ? [rotated.signs.kid, next!.kid] : [rotated.signs.kid];
          const second = round % 2 === 0 ? ['revoke', { store: reference, kid: next!.kid }] : undefined;
          const results = await Promise.all([
            one.run('revoke', { store: reference, kid: rotated.signs.kid }),
            second ? other.run('revoke', second[1] as object) : other.run('rotate', { store: reference }),
          ]);
          for (const each of results) expect(['written', 'KEY_WAITS']).toContain(each!.outcome);
          for (const kid of kids) revoked.add(kid);
          const left = await check();
          expect(waiting(left.set).length).toBeLessThanOrEqual(1);
          expect(newIn(left.set, rotated.set).length).toBeLessThanOrEqual(1);
        }
      },
      2 * hours,
    );

    // A file is written without a socket; its writer is killed between any two of its steps by a test of its own. So is
    // the database of the sample, which takes a statement whole or not at all.
    if (!['file', 'own'].includes(store.kind)) {
      it.each(['KILL_BEFORE', 'LOSE_BEFORE'] as const)(
        'leave the old keys or the new ones, with %s any of their bytes',
        async (mishap) => {
          const first = Math.floor(Math.random() * stride);
          for (let step = first, steps = stride; step < steps; step += stride) {
            const place = await running.place();
            const { reference } = place;
            const helper = commanders[0] ?? (await start(place));
            await helper.run('init', { store: reference, algorithm: 'ES256' });
            const before = await keySetAt(place);
            const doomed = await start({
              ...place,
              environment: { ...place.environment, [mishap]: String(step) },
            });
            const result = await doomed.run('rotate', { store: reference });
            doomed.end();
            if (result) steps = Math.max(steps, result.steps + 1);
            else steps = Math.max(steps, step + stride + 1);
            const after = await keySetAt(place);
            expect(after.keys.length - before.keys.length).toBeLessThanOrEqual(1);
            if (result?.outcome === 'written') expect(after.keys).toHaveLength(2);
            const repeated = await helper.run('rotate', { store: reference });
            expect(['written', 'KEY_WAITS']).toContain(repeated!.outcome);
            const end = await keySetAt(place);
            expect([end.keys.length, waiting(end).length]).toEqual([2, 1]);
          }
        },
        hours,
      );
    }
  });
}
