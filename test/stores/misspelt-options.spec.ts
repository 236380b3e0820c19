import { expect, it } from '@jest/globals';
import { KeyRotation } from 'nestjs-oidc-key';
import { init, retire, revoke, rotate, status } from 'nestjs-oidc-key/rotate';

import { rejectionOf } from '../support/errors.js';

const nobodyAsks = {
  read: () => Promise.reject(new Error('read')),
  write: () => Promise.reject(new Error('written')),
};

it.each([
  ['init', (options: object) => init(options)],
  ['rotate', (options: object) => rotate(options)],
  ['revoke', (options: object) => revoke({ kid: 'a', ...options })],
  ['retire', (options: object) => retire({ kid: 'a', ...options })],
  ['status', (options: object) => status(options)],
])('%s refuses an option that it does not have, before it asks the store', async (name, command) => {
  const error = await rejectionOf(command({ store: nobodyAsks, evry: 7_776_000 }));
  expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
  expect(error.message).toContain(`${name} has no option "evry". Its options are store, `);
});

it('a server that rotates by itself refuses it, too: it would rotate whenever it is asked', async () => {
  const rotating = KeyRotation.prototype.rotate.call(Object.create(KeyRotation.prototype), {
    evry: 7_776_000,
  } as never);
  expect((await rejectionOf(rotating)).message).toBe(
    'KeyRotation.rotate has no option "evry". Its options are algorithm, every.',
  );
});

const commands: [string, (options: object) => Promise<unknown>][] = [
  ['init', (options) => init(options)],
  ['rotate', (options) => rotate(options)],
  ['revoke', (options) => revoke({ kid: 'a', ...options })],
  ['retire', (options) => retire({ kid: 'a', ...options })],
  ['status', (options) => status(options)],
];
it.each(commands.flatMap(([name, command]) => [{}, 5, null].map((store) => ({ name, command, store }))))(
  '$name refuses a store that is none: $store',
  async ({ command, store }) => {
    const error = await rejectionOf(command({ store }));
    expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
    expect(error.message).toContain('The option "store" is no store.');
  },
);

it.each([{}, 5, Buffer.from('-----BEGIN PRIVATE KEY-----')])('init takes no key from %j', async (from) => {
  const error = await rejectionOf(init({ store: nobodyAsks, from: from as never }));
  expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
  expect(error.message).toContain('The option "from" has to be a key as text');
});
