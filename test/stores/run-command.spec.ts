import { describe, expect, it } from '@jest/globals';

import type { KeySet } from '../../lib/core/key-set/key-set.js';
import { init } from '../../lib/core/key-set/init.js';
import { rotate } from '../../lib/core/key-set/rotate.js';
import { propagationOf } from '../../lib/core/key-set/figures.js';
import { isEncryptedKeySet } from '../../lib/sources/encrypted-key-set.js';
import { KeyStoreError } from '../../lib/stores/key-store.js';
import type { KeyStore } from '../../lib/stores/key-store.js';
import { runCommand } from '../../lib/stores/run-command.js';
import type { Act, Workplace } from '../../lib/stores/run-command.js';
import { openStored } from '../../lib/stores/stored-key-set.js';
import { rejectionOf } from '../support/errors.js';
import { epoch, figures, jwkOf, privateKeyNamed, setOf, told } from '../support/key-sets.js';
import type { KeyOfTest } from '../support/key-sets.js';

/** A store in memory, in which others may write before each write, and whose answers may be lost. */
class MemoryStore implements KeyStore {
  text: string | undefined;
  version = 0;
  reads = 0;
  beforeWrite: (() => void)[] = [];
  afterWrite: (() => void)[] = [];

  constructor(text?: string) {
    this.text = text;
  }

  read() {
    this.reads++;
    const { text, version } = this;
    return Promise.resolve(text === undefined ? undefined : { text, version: `v${version}` });
  }

  write(text: string, expected: string | undefined): Promise<boolean> {
    this.beforeWrite.shift()?.();
    if ((this.text === undefined ? undefined : `v${this.version}`) !== expected)
      return Promise.resolve(false);
    this.put(text);
    this.afterWrite.shift()?.();
    return Promise.resolve(true);
  }

  put(text: string): void {
    this.text = text;
    this.version++;
  }
}

let count = 0;
const textOf = (...keys: KeyOfTest[]) => setOf(...keys).toText();

function placeOf(store: KeyStore, more: Partial<Workplace> = {}): Workplace & { readonly made: string[] } {
  const made: string[] = [];
  let now = epoch + 10_000;
  return {
    store,
    decryption: { where: 'The store', passphrase: undefined },
    figures,
    make: (alg) => {
      made.push(alg);
      return Promise.resolve({ privateKey: privateKeyNamed(`made ${++count}`) });
    },
    clock: () => now++,
    made,
    ...more,
  };
}

const rotating: Act = (set, context) => rotate(set, context);
const keysIn = async (store: MemoryStore, passphrase?: string) =>
  told((await openStored(store.text!, { where: 'The store', passphrase }))!);
const first: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };

describe('runCommand', () => {
  it('writes what the command makes of what the store holds', async () => {
    const store = new MemoryStore();
    await runCommand(placeOf(store), (set, context) => init(set, context, 'ES256'));
    expect(await keysIn(store)).toEqual([expect.objectContaining({ iat: expect.any(Number) })]);
    expect(store.version).toBe(1);
  });

  it('makes the key before the read from which it decides, so that the instant is not older than the key', async () => {
    const store = new MemoryStore(textOf(first));
    let now = epoch + 10_000;
    const place = placeOf(store, {
      clock: () => now,
      make: () => {
        now += 60;
        return Promise.resolve({ privateKey: privateKeyNamed('slow') });
      },
    });
    const { t } = await runCommand(place, rotating);
    expect([t, store.reads]).toEqual([epoch + 10_060, 2]);
    const [, next] = await keysIn(store);
    expect([next!.iat, next!.nbf]).toEqual([10_060, 10_060 + propagationOf(figures)]);
  });

  it('decides again where somebody else was faster, of what is there then, with the same key and a new instant', async () => {
    const store = new MemoryStore(textOf(first));
    store.beforeWrite.push(() => store.put(textOf({ ...first, revoked: 5 }, { kid: 'b', iat: 7 })));
    const place = placeOf(store);
    const { t } = await runCommand(place, rotating);
    expect(place.made).toEqual(['ES256']);
    const keys = await keysIn(store);
    expect(keys.map(({ kid }) => kid).slice(0, 2)).toEqual(['a', 'b']);
    expect([keys[0]!.revoked, keys[2]!.iat]).toEqual([5, t - epoch]);
    expect(t).toBe(epoch + 10_002);
  });

  it('does nothing where the other one has done it', async () => {
    const store = new MemoryStore(textOf(first));
    store.beforeWrite.push(() =>
      store.put(textOf({ ...first, exp: 999_999 }, { kid: 'b', iat: 9_990, nbf: 99_999 })),
    );
    const { outcome } = await runCommand(placeOf(store), (set, context) =>
      rotate(set, context, { every: 500 }),
    );
    expect([outcome.type, store.version]).toEqual(['nothing due', 1]);
  });

  it('gives up where somebody else is faster each time', async () => {
    const store = new MemoryStore(textOf(first));
    store.beforeWrite = Array.from({ length: 100 }, () => () => store.put(`${store.text!} `));
    expect(await rejectionOf(runCommand(placeOf(store), rotating))).toMatchObject({
      code: 'KEY_STORE_BUSY',
      message: expect.stringContaining('Try again'),
    });
  }, 20_000);

  it('knows its own text where the answer was lost, however the store says it', async () => {
    const lost = new MemoryStore(textOf(first));
    lost.afterWrite.push(() => {
      throw new Error('connection reset');
    });
    expect((await runCommand(placeOf(lost), rotating)).outcome.type).toBe('write');
    expect([lost.version, (await keysIn(lost)).length]).toEqual([1, 2]);

    // A client that tries again by itself, and is told that the version is another one.
    const retried = new MemoryStore(textOf(first));
    const write = retried.write.bind(retried);
    retried.write = async (text, expected) => (await write(text, expected)) && false;
    expect((await runCommand(placeOf(retried), rotating)).outcome.type).toBe('write');
    expect([retried.version, (await keysIn(retried)).length]).toEqual([1, 2]);
  });

  it('passes on why nothing was written', async () => {
    const store = new MemoryStore(textOf(first));
    const error = new KeyStoreError('KEY_STORE_READ_ONLY', 'no');
    store.beforeWrite.push(() => {
      throw error;
    });
    expect(await rejectionOf(runCommand(placeOf(store), rotating))).toBe(error);
  });

  it('writes nothing in a dry run, and says what it would', async () => {
    const store = new MemoryStore(textOf(first));
    const { outcome } = await runCommand(placeOf(store, { isDryRun: true }), rotating);
    expect([outcome.type, store.version]).toEqual(['write', 0]);
  });

  it.each(['', '""', '\n'])('takes %j for nothing, and writes over it', async (text) => {
    const store = new MemoryStore(text);
    await runCommand(placeOf(store), (set, context) => init(set, context, 'ES256'));
    expect((await keysIn(store)).length).toBe(1);
  });

  describe('with a passphrase', () => {
    const decryption = { where: 'The store', passphrase: 'long enough' };

    it('writes encrypted, and reads it again', async () => {
      const store = new MemoryStore();
      await runCommand(placeOf(store, { decryption }), (set, context) => init(set, context, 'ES256'));
      expect(isEncryptedKeySet(store.text)).toBe(true);
      const later = { decryption, clock: () => epoch + 20_000 };
      await runCommand(placeOf(store, later), rotating);
      expect((await keysIn(store, 'long enough')).length).toBe(2);
      const wrong = { where: 'The store', passphrase: 'another' };
      expect((await rejectionOf(runCommand(placeOf(store, { decryption: wrong }), rotating))).code).toBe(
        'OIDC_KEY_ENCRYPTED',
      );
    });

    const pem = (options: object) =>
      privateKeyNamed('a')
        .export({ format: 'pem', type: 'pkcs8', ...options } as never)
        .toString();
    const encryption = { cipher: 'aes-256-cbc', passphrase: 'long enough' };
    const encrypted = pem(encryption);
    const plain = pem({});
    const mislabelled = plain.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');
    const traditional = privateKeyNamed('a')
      .export({ format: 'pem', type: 'sec1', ...encryption } as never)
      .toString();
    const der = privateKeyNamed('a').export({
      format: 'der',
      type: 'pkcs8',
      ...encryption,
    } as never) as Buffer;

    it.each([
      ['an encrypted PEM', encrypted],
      ['one on a single line', encrypted.replaceAll('\n', '\\n')],
      ['one in quotes', `"${encrypted.replaceAll('\n', '\\n')}"`],
      ['a traditional one', traditional],
      ['an encrypted one in DER', der.toString('base64')],
    ])('takes %s for encrypted, and writes it as an encrypted key set', async (_, text) => {
      const store = new MemoryStore(text);
      await runCommand(placeOf(store, { decryption }), rotating);
      expect(isEncryptedKeySet(store.text)).toBe(true);
      expect((await keysIn(store, 'long enough')).length).toBe(2);
    });

    it.each([
      ['a plain key set', textOf(first)],
      ['a plain PEM', plain],
      ['a plain JWK', JSON.stringify(jwkOf({ kid: 'a' }))],
      ['a plain PEM beside an encrypted one', encrypted + plain],
      ['the same the other way round', plain + encrypted],
      ['a plain PEM that says it is encrypted', `ENCRYPTED PRIVATE KEY\n${plain}`],
      // OpenSSL opens each of them without a passphrase.
      ['a plain PEM under the label of an encrypted one', mislabelled],
      ['the same on a single line', mislabelled.replaceAll('\n', '\\n')],
      ['the same beside an encrypted one', encrypted + mislabelled],
      [
        'a plain DER',
        (privateKeyNamed('a').export({ format: 'der', type: 'pkcs8' }) as Buffer).toString('base64'),
      ],
      ['what is no key at all', 'nonsense'],
    ])('refuses %s: whoever can write the store may have put it there', async (_, text) => {
      const store = new MemoryStore(text);
      const error = await rejectionOf(runCommand(placeOf(store, { decryption }), rotating));
      expect([error.code, store.version]).toEqual(['OIDC_KEY_NOT_ENCRYPTED', 0]);
    });
  });

  it('hands the key set to whoever makes a key, so that it is as long as the one before', async () => {
    const store = new MemoryStore(textOf(first));
    const seen: (KeySet | undefined)[] = [];
    const make: Workplace['make'] = (_, set) => {
      seen.push(set);
      return Promise.resolve({ privateKey: privateKeyNamed('made') });
    };
    await runCommand(placeOf(store, { make }), rotating);
    expect(seen.map((set) => set && told(set))).toEqual([[first]]);
  });
});
