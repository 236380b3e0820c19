import { expect, it } from '@jest/globals';

import { NamedValue } from '../../lib/core/reading/named-value.js';
import { areUnchanged } from '../../lib/sources/settled-slots.js';
import type { KeySource } from '../../lib/sources/key-source.js';
import type { KeyStore } from '../../lib/stores/key-store.js';
import { StoreSource } from '../../lib/stores/store.source.js';
import { epoch, figures, jwkOf } from '../support/key-sets.js';

const { signal } = new AbortController();
const plain: KeyStore = {
  read: () => Promise.resolve({ text: JSON.stringify(jwkOf({ kid: 'a' })), version: '1', since: epoch }),
  write: () => Promise.resolve(false),
};

function sourceOver(store: KeyStore, revoked: () => unknown): StoreSource {
  const settings: KeySource = {
    load: () => Promise.resolve({ current: undefined, revokedKids: new NamedValue('Revoked', revoked()) }),
  };
  return new StoreSource({ store, where: 'The store', settings, reloadInterval: 60, figures });
}

it('hides no revocation in a list that is changed where it is', async () => {
  const list: string[] = [];
  const source = sourceOver(plain, () => list);
  const before = await source.load(signal);
  list.push('a');
  const after = await source.load(signal);
  expect(areUnchanged(after, before)).toBe(false);
});
