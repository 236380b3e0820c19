import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { fromNothing } from '../../lib/stores/key-store.js';
import { everyStore } from '../support/stores/every-store.js';
import { describeStore } from '../support/stores/store-under-test.js';
import type { PlaceUnderTest, RunningStore } from '../support/stores/store-under-test.js';

// What a store must not change: quotes, what HTML escapes, and characters of every length.
const text = '{"keys":[],"note":"<&>\\u2028 \\\\ é 漢 🔑"}';

/** The text there, but for a line end, which a store may put behind it. */
async function textAt(place: PlaceUnderTest): Promise<string | undefined> {
  return (await place.open().read())?.text.trim();
}

for (const store of everyStore) {
  describeStore(store, 'a store', () => {
    let running: RunningStore;
    let place: PlaceUnderTest;

    beforeAll(async () => {
      running = await store.start();
    }, 120_000);
    afterAll(() => running?.stop());
    beforeEach(async () => {
      place = await running.place();
    });

    it('has nothing where nothing is', async () => {
      expect(await place.open().read()).toBeUndefined();
    });

    it('gives back what was written, to another client too', async () => {
      expect(await place.open().write(text, undefined)).toBe(true);
      expect(await textAt(place)).toBe(text);
    });

    it('has another version after each write, and the same one while nothing is written', async () => {
      const client = place.open();
      await client.write('a', undefined);
      const first = await client.read();
      expect(await client.read()).toMatchObject({ version: first!.version });
      expect(await client.write('b', first!.version)).toBe(true);
      const second = await client.read();
      expect(second!.text.trim()).toBe('b');
      expect(second!.version).not.toBe(first!.version);
      expect(await client.write('a', second!.version)).toBe(true);
      expect((await place.open().read())!.version).not.toBe(second!.version);
    });

    it('reads what a person put there', async () => {
      await place.put('by hand');
      expect(await textAt(place)).toBe('by hand');
    });

    it('is not written by whoever read that nothing is there, where something is by now', async () => {
      const other = place.open();
      expect(await other.read()).toBeUndefined();
      await place.open().write('first', undefined);
      expect(await other.write('second', undefined)).toBe(false);
      expect(await textAt(place)).toBe('first');
    });

    if (store.compares) {
      it('is not written by whoever read what is there no more', async () => {
        await place.open().write('first', undefined);
        const [one, other] = [place.open(), place.open()];
        const { version } = (await one.read())!;
        await other.read();
        expect(await other.write('other', version)).toBe(true);
        expect(await one.write('one', version)).toBe(false);
        expect(await textAt(place)).toBe('other');
      });

      it('is written by exactly one of eight who write at once', async () => {
        await place.open().write('first', undefined);
        const clients = Array.from({ length: 8 }, () => place.open());
        const read = await Promise.all(clients.map((client) => client.read()));
        const written = await Promise.all(
          clients.map((client, index) => client.write(`by ${index}`, read[index]!.version)),
        );
        expect(written.filter(Boolean)).toHaveLength(1);
        expect(await textAt(place)).toBe(`by ${written.indexOf(true)}`);
      });
    } else {
      it('gives what lies between two versions, so that nothing that was written is lost', async () => {
        const client = place.open();
        await client.write('a', undefined);
        const first = (await client.read())!;
        const others = [place.open(), place.open(), place.open()];
        for (const other of others) await other.read();
        for (const [index, other] of others.entries()) {
          expect(await other.write(`by ${index}`, first.version)).toBe(true);
        }
        const last = (await place.open().read())!;
        expect(last.text.trim()).toBe('by 2');
        const between = await place.open().between!(first.version, last.version);
        expect(between.map((each) => each.text)).toEqual(['by 0', 'by 1']);
        const all = await place.open().between!(fromNothing, last.version);
        expect(all.map((each) => each.text)).toEqual(['a', 'by 0', 'by 1']);
      });
    }
  });
}
