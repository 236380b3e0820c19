import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { stateAt } from '../../lib/core/key-set/state-at.js';
import type { KeySet } from '../../lib/core/key-set/key-set.js';
import type { CommandResult } from '../../lib/stores/command-result.js';
import { initIn, retireIn, revokeIn, rotateIn } from '../../lib/stores/commands.js';
import type { KeyStore } from '../../lib/stores/key-store.js';
import { makingHere } from '../../lib/stores/make-key.js';
import type { Workplace } from '../../lib/stores/run-command.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { epoch, figures, jwkOf, privateKeyNamed, setOf } from '../support/key-sets.js';
import type { KeyOfTest } from '../support/key-sets.js';
import { everyStore } from '../support/stores/every-store.js';
import { describeStore } from '../support/stores/store-under-test.js';
import type { PlaceUnderTest, RunningStore } from '../support/stores/store-under-test.js';

/** Counted from the epoch of the tests; propagation is 100, and a key stays 1030 after its successor signs. */
const now = 10_000;
const decryption = { where: 'The store', passphrase: undefined };

const textOf = (...keys: KeyOfTest[]) => setOf(...keys).toText();
const old: KeyOfTest = { kid: 'old', iat: 0, nbf: 0 };
const replaced: KeyOfTest = { ...old, exp: now + 1000 };
const signs: KeyOfTest = { kid: 'signs', iat: now - 200, nbf: now - 100 };
const waits: KeyOfTest = { kid: 'waits', iat: now - 10, nbf: now + 90 };
const other: KeyOfTest = { kid: 'other', alg: 'EdDSA', iat: 0, nbf: 0 };
const stolen: KeyOfTest = { kid: 'stolen', iat: 0, nbf: 0, revoked: now - 50 };

/** Every state that a store can be in. */
const states = {
  'nothing there': undefined,
  // Not every store takes a text without a character.
  'an empty text': '\n',
  'a plain key': () => privateKeyNamed('old').export({ format: 'pem', type: 'pkcs8' }) as string,
  'a plain JWK': () => JSON.stringify(jwkOf({ kid: 'old' })),
  'one key': () => textOf(old),
  'one that waits': () => textOf({ ...old, exp: now + 2000 }, waits),
  'one that was replaced': () => textOf(replaced, signs),
  'one whose time is over': () => textOf({ ...old, exp: now - 10 }, { ...signs, iat: 1, nbf: 2 }),
  'a revoked one': () => textOf(stolen, signs),
  'a revoked one alone': () => textOf({ ...stolen, isPublic: true }),
  'two algorithms': () => textOf(old, other),
  'an algorithm that was retired': () => textOf(old, { ...other, isPublic: true, exp: now + 1000 }),
} as const;

/** Every event, and what it comes to in each state, in the order of the states. */
const events: Readonly<Record<string, (place: Workplace) => Promise<CommandResult>>> = {
  init: (place) => initIn(place, { algorithm: 'ES256' }),
  'init --from': (place) => initIn(place, { from: setOf({ kid: 'from', iat: now - 5, nbf: now - 5 }) }),
  rotate: (place) => rotateIn(place),
  'rotate --algorithm of another': (place) => rotateIn(place, { algorithm: 'ES384' }),
  'rotate --every, due': (place) => rotateIn(place, { every: 150 }),
  'rotate --every, not due': (place) => rotateIn(place, { every: 1_000_000 }),
  'rotate --prune': (place) => rotateIn(place, { every: 1_000_000, prune: true }),
  'revoke the one that signs': (place) => revokeIn(place, 'signs', {}),
  'revoke the old one': (place) => revokeIn(place, 'old', { reason: 'stolen' }),
  'revoke --no-rotate': (place) => revokeIn(place, 'old', { noRotate: true }),
  'revoke the one that waits': (place) => revokeIn(place, 'waits', {}),
  'retire the other algorithm': (place) => retireIn(place, 'other'),
  'retire the old one': (place) => retireIn(place, 'old'),
};

const [done, idle, none, unknown] = ['written', 'nothing due', 'KEY_SET_MISSING', 'KEY_UNKNOWN'] as const;
const all = (outcome: string, count: number) => Array.from({ length: count }, () => outcome);

/** The outcome of every event in every state, in the order of the states. */
const expected: Readonly<Record<string, readonly string[]>> = {
  init: [done, done, ...all('KEY_SET_EXISTS', 10)],
  'init --from': [done, done, ...all('KEY_SET_EXISTS', 10)],
  rotate: [none, none, done, done, done, 'KEY_WAITS', ...all(done, 6)],
  'rotate --algorithm of another': [none, none, ...all(done, 10)],
  'rotate --every, due': [none, none, done, done, done, idle, ...all(done, 6)],
  // A plain key is of no age, and what was replaced has a private half that nobody needs.
  'rotate --every, not due': [none, none, done, done, idle, idle, done, done, idle, done, idle, idle],
  'rotate --prune': [none, none, done, done, idle, idle, done, done, idle, done, idle, idle],
  // The kid of a PEM is its thumbprint.
  'revoke the one that signs': [...all(unknown, 6), done, done, done, ...all(unknown, 3)],
  'revoke the old one': [...all(unknown, 3), ...all(done, 5), unknown, unknown, done, done],
  'revoke --no-rotate': [...all(unknown, 3), ...all(done, 5), unknown, unknown, done, done],
  'revoke the one that waits': [...all(unknown, 5), done, ...all(unknown, 6)],
  'retire the other algorithm': [...all(unknown, 10), done, 'KEY_NEEDED'],
  'retire the old one': [...all(unknown, 3), ...all('KEY_NEEDED', 5), unknown, unknown, done, 'KEY_NEEDED'],
};

async function outcomeOf(event: () => Promise<CommandResult>): Promise<string> {
  try {
    return (await event()).outcome;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** These tests have an instant of their own, which the clock of a store does not show. */
function withoutClock(store: KeyStore): KeyStore {
  const read = store.read.bind(store);
  store.read = async (signal) => {
    const found = await read(signal);
    return found && { ...found, date: undefined };
  };
  return store;
}

async function keySetAt(place: PlaceUnderTest): Promise<KeySet | undefined> {
  const found = await place.open().read();
  return found && openStored(found.text, decryption);
}

for (const store of everyStore) {
  describeStore(store, 'every event in every state', () => {
    let running: RunningStore;
    beforeAll(async () => {
      running = await store.start();
    }, 120_000);
    afterAll(() => running?.stop());

    const table = Object.entries(events).flatMap(([event, run]) =>
      Object.entries(states).map(
        ([state, text], index) => [event, state, expected[event]![index]!, run, text] as const,
      ),
    );

    it.each(table)('%s where there is %s: %s', async (_event, _state, outcome, run, text) => {
      const place = await running.place();
      const content = typeof text === 'function' ? text() : text;
      if (content !== undefined) await place.put(content);
      const before = await place.content();
      const t = epoch + now;
      const open = () => withoutClock(place.open());
      const workplace = { store: open(), decryption, figures, make: makingHere(), clock: () => t };
      const had = content === undefined ? undefined : await keySetAt(place);
      expect(await outcomeOf(() => run(workplace))).toBe(outcome);
      if (outcome !== done) {
        // Not even the form of the value is another one.
        expect(await place.content()).toBe(before);
        return;
      }
      const set = (await keySetAt(place))!;
      // A server boots with it, and every revocation stands.
      const signed = had ? stateAt({ set: had, figures }, t).signing.size : 0;
      const isLeftWithout = signed === 0 || _event === 'revoke --no-rotate';
      if (!isLeftWithout) expect(stateAt({ set, figures }, t).signing.size).toBeGreaterThan(0);
      for (const key of had?.keys ?? []) {
        if (key.revoked) expect(set.named(key.thumbprint)?.revoked).toEqual(key.revoked);
      }
      for (const key of set.keys) if (key.revoked) expect(key.hasPrivateHalf).toBe(false);
      // The same again is not done twice.
      const again = await outcomeOf(() => run({ ...workplace, store: open() }));
      expect([idle, 'KEY_WAITS', 'KEY_SET_EXISTS', 'KEY_NEEDED']).toContain(again);
    });
  });
}
