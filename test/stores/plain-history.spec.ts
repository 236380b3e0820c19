import { describe, expect, it } from '@jest/globals';

import { propagationOf } from '../../lib/core/key-set/figures.js';
import { stateAt } from '../../lib/core/key-set/state-at.js';
import type { KeySet } from '../../lib/core/key-set/key-set.js';
import { rotateIn } from '../../lib/stores/commands.js';
import type { KeyStore, OtherVersion, StoredText } from '../../lib/stores/key-store.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { StoreSource } from '../../lib/stores/store.source.js';
import { makingHere } from '../../lib/stores/make-key.js';
import { versionsOf } from '../../lib/stores/versions.js';
import { epoch, figures, jwkOf, privateKeyNamed, setOf } from '../support/key-sets.js';

const decryption = { where: 'The store', passphrase: undefined };
const jwk = (kid: string, alg: 'ES256' | 'EdDSA' = 'ES256') => JSON.stringify(jwkOf({ kid, alg }));
const propagation = propagationOf(figures);
const now = 10_000;

/** Plain keys of a store: the newest text and since when it is there, and other versions. */
function storeOf(newest: [text: string, since: number], ...others: [string, number, 'pending'?][]) {
  const written: string[] = [];
  const store: KeyStore & { written: string[] } = {
    written,
    read: (): Promise<StoredText> =>
      Promise.resolve({
        text: written.at(-1) ?? newest[0],
        version: `v${written.length}`,
        since: epoch + newest[1],
      }),
    write: (text) => {
      written.push(text);
      return Promise.resolve(true);
    },
    others: (): Promise<OtherVersion[]> =>
      Promise.resolve(
        others.map(([text, since, isPending]) => ({
          text,
          since: epoch + since,
          isPending: isPending !== undefined,
        })),
      ),
  };
  return store;
}

async function setIn(store: KeyStore, t = now): Promise<KeySet> {
  const found = (await store.read())!;
  const set = (await openStored(found.text, decryption))!;
  const [whole] = await versionsOf({ store, decryption, figures, clock: () => epoch + t }, found, set);
  return whole!;
}

async function at(store: KeyStore, t: number) {
  const set = await setIn(store, t);
  const { signing, published } = stateAt({ set, figures }, epoch + t);
  return {
    signs: [...signing.values()].map(({ kid }) => kid),
    published: [...published].map(({ kid }) => kid).toSorted(),
  };
}

describe('a plain key in a store that keeps its versions', () => {
  it('is one key that signs at once where it is the only one there ever was', async () => {
    expect(await at(storeOf([jwk('a'), now]), now)).toEqual({ signs: ['a'], published: ['a'] });
  });

  it('signs when relying parties know it, and the one before is published until its tokens have expired', async () => {
    const store = storeOf([jwk('b'), now], [jwk('a'), 0]);
    expect(await at(store, now)).toEqual({ signs: ['a'], published: ['a', 'b'] });
    expect(await at(store, now + propagation - 1)).toEqual({ signs: ['a'], published: ['a', 'b'] });
    expect(await at(store, now + propagation)).toEqual({ signs: ['b'], published: ['a', 'b'] });
    const end = now + propagation + figures.keySpread + figures.clockSkew + figures.keyRetention;
    expect((await at(store, end - 5)).published).toEqual(['a', 'b']);
    expect((await at(store, end + 5)).published).toEqual(['b']);
  });

  it('is as old as its first version, however often it was written', async () => {
    const store = storeOf([jwk('a'), now], [jwk('a'), 0], [jwk('a'), 50]);
    expect(await at(store, now)).toEqual({ signs: ['a'], published: ['a'] });
    const back = storeOf([jwk('a'), now], [jwk('b'), 500], [jwk('a'), 0]);
    expect(await at(back, now)).toEqual({ signs: ['a'], published: ['a', 'b'] });
  });

  it('is in the order in which it was written, within one second too', async () => {
    const store = storeOf([jwk('c'), now], [jwk('b'), now], [jwk('a'), now]);
    const { keys } = await setIn(store);
    expect(keys.map(({ kid }) => kid).at(-1)).toBe('c');
    expect(new Set(keys.map(({ iat }) => iat)).size).toBe(3);
  });

  it('goes on signing beside one that is to come, which is published', async () => {
    const store = storeOf([jwk('a'), 0], [jwk('b'), 500, 'pending']);
    expect(await at(store, now)).toEqual({ signs: ['a'], published: ['a', 'b'] });
    expect((await setIn(store)).named('b')!.hasPrivateHalf).toBe(false);
    // It was published long enough when it is the newest.
    const moved = storeOf([jwk('b'), 500], [jwk('a'), 0]);
    expect(await at(moved, now)).toEqual({
      signs: ['b'],
      published: expect.arrayContaining(['b']) as unknown,
    });
  });

  it('signs again where it was taken back, and the other one’s tokens are accepted', async () => {
    const store = storeOf([jwk('a'), 0], [jwk('b'), 500]);
    expect(await at(store, now)).toEqual({ signs: ['a'], published: ['a', 'b'] });
  });

  it('ends an algorithm by a key of another', async () => {
    const store = storeOf([jwk('a'), now], [jwk('x', 'EdDSA'), 0]);
    expect(await at(store, now)).toEqual({ signs: ['a'], published: ['a', 'x'] });
    expect((await at(store, now + 2000)).published).toEqual(['a']);
  });

  it('passes over versions that are no plain key', async () => {
    const store = storeOf(
      [jwk('b'), now],
      ['nonsense', 1],
      [setOf({ kid: 'c', iat: 0 }).toText(), 2],
      ['', 3],
    );
    expect(await at(store, now)).toEqual({ signs: ['b'], published: ['b'] });
  });

  it('takes the place of another one under its kid', async () => {
    const sameKid = JSON.stringify({ ...jwkOf({ kid: 'b' }), kid: 'a' });
    expect(await at(storeOf([sameKid, now], [jwk('a'), 0]), now)).toEqual({ signs: ['a'], published: ['a'] });
    const three = storeOf([jwk('c'), now], [sameKid, 5], [jwk('a'), 0]);
    expect((await at(three, now)).published).toEqual(['a', 'c']);
  });

  it('becomes a key set with all of them by a command', async () => {
    const store = storeOf([jwk('b'), now - 10], [jwk('a'), 0]);
    await rotateIn({ store, decryption, figures, make: makingHere(), clock: () => epoch + now });
    const set = (await openStored(store.written[0]!, decryption))!;
    expect(set.keys.map(({ kid }) => kid).slice(0, 2)).toEqual(['a', 'b']);
    const { signing } = stateAt({ set, figures }, epoch + now);
    expect([...signing.values()].map(({ kid }) => kid)).toEqual(['a']);
  });

  it('is told to a server as a key set, and as itself where there is no other', async () => {
    const valueIn = async (store: KeyStore) => {
      const options = { store, where: 'The store', settings: undefined, reloadInterval: 60, figures };
      const source = new StoreSource(options);
      const first = await source.load(new AbortController().signal);
      // Nothing is new in the second answer, so that nothing is looked at again.
      expect(await source.load(new AbortController().signal)).toBe(first);
      return (first.current as { value: string }).value;
    };
    expect(await valueIn(storeOf([jwk('a'), 0]))).toBe(jwk('a'));
    expect(await valueIn(storeOf([jwk('b'), 50], [jwk('a'), 0]))).toMatch(/^\{"keys":\[.*"iat":/);
  });
});

it('keeps the private half of a key that was silent out of what a server is given', async () => {
  const store = storeOf([jwk('a'), 0], [jwk('b'), 500, 'pending']);
  const { d } = privateKeyNamed('b').export({ format: 'jwk' });
  expect((await setIn(store)).toText()).not.toContain(d!);
});
