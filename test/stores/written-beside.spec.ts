import { describe, expect, it } from '@jest/globals';

import type { KeySet } from '../../lib/core/key-set/key-set.js';
import { stateAt } from '../../lib/core/key-set/state-at.js';
import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';
import { initIn, revokeIn, rotateIn, statusIn } from '../../lib/stores/commands.js';
import { fromNothing } from '../../lib/stores/key-store.js';
import type { KeyStore, StoredText } from '../../lib/stores/key-store.js';
import type { Workplace } from '../../lib/stores/run-command.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { rejectionOf } from '../support/errors.js';
import { epoch, figures, privateKeyNamed, setOf } from '../support/key-sets.js';

/** A store that keeps every version and compares none. Others may write before each write of this one. */
class Versions implements KeyStore {
  readonly texts: string[];
  date: number | undefined;
  beforeWrite: (() => Promise<unknown> | void)[] = [];
  afterWrite: (() => void)[] = [];

  constructor(...texts: string[]) {
    this.texts = texts;
  }

  read(): Promise<StoredText | undefined> {
    const text = this.texts.at(-1);
    const version = String(this.texts.length);
    return Promise.resolve(text === undefined ? undefined : { text, version, date: this.date });
  }

  async write(text: string): Promise<boolean> {
    await this.beforeWrite.shift()?.();
    this.texts.push(text);
    this.afterWrite.shift()?.();
    return true;
  }

  between(base: string, version: string): Promise<readonly StoredText[]> {
    const from = base === fromNothing ? 0 : Number(base);
    const between = this.texts.map((text, index) => ({ text, version: String(index + 1) }));
    return Promise.resolve(between.slice(from, Number(version) - 1));
  }
}

let made = 0;
const placeOf = (store: KeyStore, more: Partial<Workplace> = {}): Workplace => ({
  store,
  decryption: { where: 'The store', passphrase: undefined },
  figures,
  make: () => Promise.resolve({ privateKey: privateKeyNamed(`beside ${++made}`) }),
  clock: () => epoch + 10_000,
  ...more,
});

async function lastIn(store: Versions, passphrase?: string): Promise<KeySet> {
  return (await openStored(store.texts.at(-1)!, { where: 'The store', passphrase }))!;
}

const first = () => setOf({ kid: 'a', iat: 0, nbf: 0 }).toText();

describe('a store that keeps versions and cannot compare', () => {
  it('is told in each document from which version it was made', async () => {
    const store = new Versions();
    await initIn(placeOf(store), { algorithm: 'ES256' });
    expect((await lastIn(store)).base).toBe('0');
    await rotateIn(placeOf(store));
    expect((await lastIn(store)).base).toBe('1');
  });

  it('has one first key of two who begin at once, and one next key of two who rotate', async () => {
    const store = new Versions();
    store.beforeWrite.push(() => initIn(placeOf(store), { algorithm: 'ES256' }));
    await initIn(placeOf(store), { algorithm: 'ES256' });
    const [one] = (await lastIn(store)).keys;
    expect((await lastIn(store)).keys).toHaveLength(1);
    // The one that was there first: a server may sign with it already.
    expect((await openStored(store.texts[0]!, { where: 's', passphrase: undefined }))!.has(one!)).toBe(true);
    store.beforeWrite.push(() => rotateIn(placeOf(store)));
    const { keys, outcome } = await rotateIn(placeOf(store));
    expect([outcome, (await lastIn(store)).keys.length, keys.length]).toEqual(['written', 2, 2]);
  });

  it('loses no revocation that is written beside a rotation, and still signs', async () => {
    const store = new Versions(first());
    store.beforeWrite.push(() => revokeIn(placeOf(store), 'a', {}));
    await rotateIn(placeOf(store));
    const set = await lastIn(store);
    expect([set.named('a')?.revoked !== undefined, set.named('a')?.hasPrivateHalf]).toEqual([true, false]);
    expect(stateAt({ set, figures }, epoch + 10_000).signing.size).toBe(1);
  });

  it('shows what is united where its writer died before it could', async () => {
    const store = new Versions(first());
    const beside = new Versions(first());
    await revokeIn(placeOf(beside), 'a', {});
    await rotateIn(placeOf(store));
    store.texts.splice(1, 0, beside.texts[1]!);
    const { view } = await statusIn(placeOf(store));
    expect(view.keys.find(({ key }) => key.kid === 'a')?.state).toBe('revoked');
    // Whoever comes next writes it down, also where nothing else is due.
    const { outcome } = await rotateIn(placeOf(store), { every: 1_000_000 });
    expect(outcome).toBe('nothing due');
    expect((await lastIn(store)).named('a')?.revoked).toBeDefined();
    expect(store.texts).toHaveLength(4);
  });

  it('knows its own key where the answer was lost and somebody wrote on top of it', async () => {
    const store = new Versions(first());
    store.afterWrite.push(() => {
      store.texts.push(store.texts.at(-1)!.replace('"base":"1"', '"base":"2","note":"on top"'));
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    });
    expect((await rotateIn(placeOf(store))).outcome).toBe('written');
    expect((await lastIn(store)).keys).toHaveLength(2);
  });

  it('passes over what lies between and is no key set, or is plain although it should be encrypted', async () => {
    const passphrase = 'long enough';
    const decryption = { where: 'The store', passphrase };
    const store = new Versions(await encryptKeySet(first(), passphrase));
    const planted = setOf({ kid: 'planted', iat: 5, nbf: 5 }).toText();
    store.beforeWrite.push(() => void store.texts.push('nonsense', planted, ''));
    await rotateIn(placeOf(store, { decryption }));
    const set = await lastIn(store, passphrase);
    expect([set.keys.length, set.named('planted')]).toEqual([2, undefined]);
  });
});

describe('the clock of a store', () => {
  it('that is set while a command runs does not turn what was written into a refusal', async () => {
    const store = new Versions(first());
    store.date = epoch + 10_000;
    store.beforeWrite.push(() => rotateIn(placeOf(store)));
    store.afterWrite.push(
      () => undefined,
      () => void (store.date = epoch + 20_000),
    );
    expect((await rotateIn(placeOf(store))).outcome).toBe('written');
  });

  it.each([
    [0, 'written'],
    [figures.clockSkew, 'written'],
    [-figures.clockSkew, 'written'],
    [3600, 'CLOCK_DIFFERS'],
    [-3600, 'CLOCK_DIFFERS'],
  ])('that is %i seconds off: %s', async (seconds, expected) => {
    const store = new Versions(first());
    store.date = epoch + 10_000 + seconds;
    const result = rotateIn(placeOf(store));
    if (expected === 'written') {
      expect((await result).outcome).toBe(expected);
      return;
    }
    expect(await rejectionOf(result)).toMatchObject({
      code: expected,
      message: expect.stringMatching(
        /^The store: The clock of this machine shows .* 3600 s apart, where 10 are allowed/,
      ),
    });
    expect(store.texts).toHaveLength(1);
    // What writes nothing needs no clock.
    expect(
      (await rotateIn(placeOf(store), { every: 1_000_000 }).catch((error: Error) => error)) as object,
    ).toEqual(expect.objectContaining({ outcome: 'nothing due' }));
  });
});
