import { expect, it } from '@jest/globals';

import { Usage } from '../../lib/core/usage/usage.js';
import { countedStore, systemOf } from '../../lib/stores/counted-store.js';
import { KeyStoreError } from '../../lib/stores/key-store.js';
import type { KeyStore } from '../../lib/stores/key-store.js';
import { rejectionOf } from '../support/errors.js';

const whole: KeyStore = {
  read: async () => ({ text: 'text', version: '1' }),
  write: async () => true,
  between: async () => [],
  others: async () => [],
  destroyBefore: async () => 2,
  watch: () => () => undefined,
  close: () => undefined,
  kms: { reference: 'aws-kms:key' },
};

it('counts each request, and answers what the store does', async () => {
  const { calls } = new Usage();
  const store = countedStore(whole, 'vault', calls);
  const { signal } = new AbortController();
  expect(await store.read(signal)).toEqual({ text: 'text', version: '1' });
  expect(await store.write('text', '1')).toBe(true);
  expect(await store.between!('1', '2')).toEqual([]);
  expect(await store.others!(signal)).toEqual([]);
  expect(await store.destroyBefore!('1')).toBe(2);
  expect(calls.view().map(({ system, operation, outcomes }) => [system, operation, outcomes])).toEqual(
    ['read', 'write', 'between', 'others', 'destroy'].map((operation) => ['vault', operation, [['ok', 1]]]),
  );
});

it('can what the store can, and no more', () => {
  const { calls } = new Usage();
  expect(Object.keys(countedStore(whole, 'vault', calls)).toSorted()).toEqual(Object.keys(whole).toSorted());
  const smallest: KeyStore = { read: async () => undefined, write: async () => true };
  expect(Object.keys(countedStore(smallest, 'vault', calls))).toEqual(['read', 'write']);
});

it('counts a request that is never answered when nobody waits for it any more', async () => {
  const { calls } = new Usage();
  const asking = new AbortController();
  const store = countedStore({ ...whole, read: () => new Promise(() => undefined) }, 'vault', calls);
  const reading = rejectionOf(store.read(asking.signal));
  asking.abort(new KeyStoreError('KEY_STORE_UNREACHABLE', 'It did not answer.'));
  expect(await reading).toMatchObject({ code: 'KEY_STORE_UNREACHABLE' });
  expect(calls.view()[0]!.outcomes).toEqual([['KEY_STORE_UNREACHABLE', 1]]);
});

it.each([
  ['vault:secret/keys', 'vault'],
  ['aws-kms:arn:aws:kms:eu-west-1:111122223333:key/1', 'aws-kms'],
  ['file:/etc/keys', 'file'],
  ['The option "store"', 'application'],
  [undefined, 'application'],
])('calls %s the system %s', (reference, system) => {
  expect(systemOf(reference)).toBe(system);
});
