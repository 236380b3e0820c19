import { expect, it } from '@jest/globals';

import { revokeIn, rotateIn } from '../../lib/stores/commands.js';
import { KeyStoreError } from '../../lib/stores/key-store.js';
import type { KeyStore, StoredText } from '../../lib/stores/key-store.js';
import { makingHere } from '../../lib/stores/make-key.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { rejectionOf } from '../support/errors.js';
import { epoch, figures, setOf } from '../support/key-sets.js';

const decryption = { where: 'The store', passphrase: undefined };
const placeOf = (store: KeyStore, t: number) => ({
  store,
  decryption,
  figures,
  make: makingHere(),
  clock: () => epoch + t,
});

/** A store that keeps versions and cannot compare. */
class VersionedStore implements KeyStore {
  versions: (string | undefined)[] = [];

  read(): Promise<StoredText | undefined> {
    const text = this.versions.at(-1);
    return Promise.resolve(text === undefined ? undefined : this.#stored(text, this.versions.length));
  }

  write(text: string): Promise<boolean> {
    this.versions.push(text);
    return Promise.resolve(true);
  }

  between(base: string, version: string): Promise<readonly StoredText[]> {
    const numbers = this.versions.map((text, index) => [text, index + 1] as const);
    const found = numbers.filter(([, number]) => number > Number(base) && number < Number(version));
    return Promise.resolve(
      found.flatMap(([text, number]) => (text === undefined ? [] : this.#stored(text, number))),
    );
  }

  destroyBefore(version: string): Promise<number> {
    const count = Number(version) - 1;
    this.versions.fill(undefined, 0, count);
    return Promise.resolve(count);
  }

  #stored(text: string, version: number): StoredText {
    return { text, version: String(version) };
  }
}

it('what was written beside the newest version is not destroyed, for it may hold a revocation', async () => {
  const store = new VersionedStore();
  await store.write(
    setOf({ kid: 'a', iat: 0, nbf: 0, exp: 2130 }, { kid: 'b', iat: 1000, nbf: 1100 }).toText(),
  );
  // Two others, neither of whom has seen what the other wrote, while this one is between its last two requests.
  const alone = new VersionedStore();
  await alone.write(store.versions[0]!);
  await revokeIn(placeOf(alone, 1110), 'b', {});
  let reads = 0;
  const meanwhile: KeyStore = {
    read: () => {
      reads++;
      if (reads === 2)
        store.versions.push(alone.versions[1], store.versions[0]!.replace('{', '{"base":"1",'));
      return store.read();
    },
    write: (text) => store.write(text),
    between: (base, version) => store.between(base, version),
    destroyBefore: (version) => store.destroyBefore(version),
  };
  const { outcome, sentences } = await rotateIn(placeOf(meanwhile, 1110), { every: 1_000_000, prune: true });
  expect([outcome, reads, store.versions.length]).toEqual(['nothing due', 2, 3]);
  expect(sentences.at(-1)).toContain('Run it again.');
  const again = await rotateIn(placeOf(store, 1115), { every: 1_000_000, prune: true });
  expect(again.sentences.at(-1)).toContain('3 older versions');
  const set = await openStored((await store.read())!.text, decryption);
  expect(set!.named('b')!.revoked).toBeDefined();
});

it('that is refused says what was written all the same, and how to go on', async () => {
  const store = new VersionedStore();
  await store.write(setOf({ kid: 'a', iat: 0, nbf: 0 }).toText());
  store.destroyBefore = () =>
    Promise.reject(new KeyStoreError('KEY_STORE_FORBIDDEN', 'The store lets nobody destroy.'));
  const error = await rejectionOf(rotateIn(placeOf(store, 1110), { prune: true }));
  const [, made] = (await openStored((await store.read())!.text, decryption))!.keys;
  expect(error).toMatchObject({
    name: 'KeyStoreError',
    code: 'KEY_STORE_FORBIDDEN',
    message: expect.stringMatching(
      new RegExp(
        `^The store lets nobody destroy\\. The key set was written before that, with the new key ${made!.kid};.*rotate --prune --every`,
      ),
    ),
  });
  const waits = await rejectionOf(rotateIn(placeOf(store, 1120), { prune: true }));
  expect([waits.code, waits.message]).toEqual([
    'KEY_WAITS',
    expect.stringContaining('rotate --prune --every'),
  ]);
  const due = { every: 1_000_000, prune: true };
  const nothing = await rejectionOf(rotateIn(placeOf(store, 1130), due));
  expect(nothing.message).toContain('No key was due, and the key set is as it was.');
});
