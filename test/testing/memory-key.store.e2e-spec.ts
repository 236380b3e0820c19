import { afterEach, describe, expect, it } from '@jest/globals';
import { KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { init, rotate } from 'nestjs-oidc-key/rotate';
import { MemoryKeyStore, testKey } from 'nestjs-oidc-key/testing';

import { boot, closeAll, platforms } from '../support/platforms.js';

afterEach(closeAll);

const applicationOn = async (store: MemoryKeyStore) => {
  const { app } = await boot(platforms[0]![1](), { imports: [OidcKeyModule.forRoot({ store })] });
  return app.get(KeyRotation);
};
const filled = async () => {
  const store = new MemoryKeyStore();
  await init({ store, algorithm: 'ES256' });
  return store;
};

describe('MemoryKeyStore', () => {
  it('is a store: empty at first, and it compares before it writes', async () => {
    const store = new MemoryKeyStore();
    expect(await store.read()).toBeUndefined();
    expect(await store.write('a', 'other')).toBe(false);
    expect(await store.write('a', undefined)).toBe(true);
    const { text, version } = (await store.read())!;
    expect([text, store.text]).toEqual(['a', 'a']);
    expect(await store.write('b', undefined)).toBe(false);
    expect(await store.write('b', version)).toBe(true);
    expect(await store.write('c', version)).toBe(false);
    store.text = undefined;
    expect(await store.read()).toBeUndefined();
  });

  it.each(['KEY_STORE_UNREACHABLE', 'KEY_STORE_SEALED', 'KEY_STORE_FORBIDDEN'] as const)(
    'fails with %s, and a running application keeps its keys until it recovers',
    async (code) => {
      const store = await filled();
      const rotation = await applicationOn(store);
      store.fail(code);
      await expect(store.write('', undefined)).rejects.toMatchObject({ code });
      await expect(rotation.reload()).resolves.toBe(false);
      expect(rotation.status()).toMatchObject({
        state: 'degraded',
        failure: { code: 'OIDC_KEY_STORE_FAILED' },
      });
      store.recover();
      await expect(rotation.reload()).resolves.toBe(true);
      expect(rotation.status().state).toBe('up');
    },
  );

  it('refuses writes, and is read', async () => {
    const store = await filled();
    store.refuseWrites();
    await expect(rotate({ store })).rejects.toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
    expect(await store.read()).toBeDefined();
    store.refuseWrites('KEY_STORE_READ_ONLY');
    await expect(rotate({ store })).rejects.toMatchObject({ code: 'KEY_STORE_READ_ONLY' });
  });

  it('is slow, and a reader that gives up is not kept waiting', async () => {
    const store = await filled();
    store.answerAfter(60_000);
    const giveUp = new AbortController();
    const reading = store.read(giveUp.signal);
    giveUp.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('has another writer in between, whose change is not lost', async () => {
    const store = await filled();
    store.writeInBetween((text) => JSON.stringify({ ...(JSON.parse(text!) as object), note: 'theirs' }));
    await rotate({ store });
    expect(store.text).toContain('theirs');
    expect(JSON.parse(store.text!).keys).toHaveLength(2);
  });

  it('loses an answer, and nothing is done twice', async () => {
    const store = await filled();
    store.loseNextAnswer();
    await rotate({ store });
    expect(JSON.parse(store.text!).keys).toHaveLength(2);
  });

  it('takes a plain key', async () => {
    const rotation = await applicationOn(new MemoryKeyStore(testKey('ES256')));
    expect(rotation.status().keys).toHaveLength(1);
  });
});
