import { afterEach, expect, it, jest } from '@jest/globals';

import { OidcKeyError } from '../../lib/core/errors.js';
import { NamedValue } from '../../lib/core/reading/named-value.js';
import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { revocationsIn } from '../../lib/core/ring/members-of-slots.js';
import { areUnchanged } from '../../lib/sources/settled-slots.js';
import type { KeySource } from '../../lib/sources/key-source.js';
import { settingsSource } from '../../lib/sources/settings.source.js';
import type { KeyStore } from '../../lib/stores/key-store.js';
import { StoreSource } from '../../lib/stores/store.source.js';
import { rejectionOf } from '../support/errors.js';
import { epoch, figures, jwkOf } from '../support/key-sets.js';

afterEach(() => void jest.useRealTimers());

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

const never = () => new Promise<never>(() => undefined);

it.each<[string, Partial<KeyStore>]>([
  ['answer', { read: never }],
  ['say which versions were there before', { others: never }],
])('hides no revocation in the settings where the store does not %s', async (_, silence) => {
  jest.useFakeTimers();
  const source = sourceOver({ ...plain, ...silence }, () => ['a']);
  const loading = source.load(signal);
  await jest.advanceTimersByTimeAsync(29_000);
  const slots = await Promise.race([loading, Promise.resolve(undefined)]);
  expect((slots?.current as NamedValue | undefined)?.value).toBeInstanceOf(OidcKeyError);
  expect(revocationsIn(slots!).has('a')).toBe(true);
});

it('takes nothing plain, and writes nothing, while the file of the passphrase is empty', async () => {
  const settings = settingsSource(
    { get: (name) => (name === 'OIDC_PRIVATE_KEY_PASSPHRASE_FILE' ? '/dev/null' : undefined) },
    'OIDC_',
  );
  const source = new StoreSource({ store: plain, where: 'The store', settings, reloadInterval: 60, figures });
  const { current } = await source.load(signal);
  expect((current as NamedValue).value).toMatchObject({
    code: 'OIDC_KEY_UNREADABLE_FILE',
    message: expect.stringContaining('OIDC_PRIVATE_KEY_PASSPHRASE_FILE names is empty'),
  });
  expect(await rejectionOf(source.workplace())).toMatchObject({ code: 'OIDC_KEY_UNREADABLE_FILE' });
});

it.each<[string, object]>([
  ['another key', { current: new NamedValue('OIDC_PRIVATE_KEY', 'a key') }],
  ['next keys', { next: new NamedValue('OIDC_NEXT_KEYS', 'a key') }],
  ['an instant', { nextActivatesAt: new NamedValue('OIDC_NEXT_KEY_ACTIVATES_AT', '2040-01-01T00:00:00Z') }],
])('takes revocations from the store though %s came to stand beside it', async (_, beside) => {
  const signs = { ...jwkOf({ kid: 'b' }), iat: 0, nbf: 0 };
  let document: object = { keys: [{ ...jwkOf({ kid: 'a' }), iat: 1, nbf: 1 }, signs] };
  let slots = {};
  const store: KeyStore = {
    read: () =>
      Promise.resolve({
        text: JSON.stringify(document),
        version: JSON.stringify(document).length.toString(),
      }),
    write: () => Promise.resolve(false),
  };
  const settings: KeySource = { load: () => Promise.resolve({ current: undefined, ...slots }) };
  const source = new StoreSource({ store, where: 'The store', settings, reloadInterval: 60, figures });
  await new KeyLoader().load(await source.load(signal), {});
  slots = beside;
  document = {
    keys: [{ ...jwkOf({ kid: 'a', isPublic: true }), iat: 1, nbf: 1, revoked: { revoked_at: 5 } }, signs],
  };
  const after = await source.load(signal);
  expect(revocationsIn(after).inKeySet.size).toBe(1);
  expect((await rejectionOf(new KeyLoader().load(after, {}))).code).toBe('OIDC_KEY_CONFLICT');
});
