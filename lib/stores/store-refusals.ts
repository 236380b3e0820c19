import { OidcKeyError } from '../core/errors.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { memberOf } from '../core/ring/members-of-slots.js';
import { wordsOf } from '../core/words-of-error.js';
import { KeyStoreError } from './key-store.js';
import { shellWord } from './shell-word.js';

const besideStore = ['current', 'next', 'nextActivatesAt'] as const;

/** What excludes a store, since it would be another place from which the same keys come. */
export function conflictOf(beside: KeySlots, where: string): OidcKeyError | undefined {
  const set = besideStore
    .map((member) => memberOf(beside, member))
    .find(({ value, about }) => value !== undefined || about.absence);
  return (
    set &&
    new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      `${set.where} is set beside the store ${where}, from which all keys come. Remove one of them; ` +
        '`npx nestjs-oidc-key init --from FILE` takes a key over into the store.',
    )
  );
}

/** That a store is empty, and how to begin. */
export function nothingIn(where: string): OidcKeyError {
  const isReference = /^[a-z][a-z0-9-]+:/.test(where);
  const command = isReference
    ? `npx nestjs-oidc-key init ${shellWord(where)}`
    : 'init({ store })` of `nestjs-oidc-key/rotate';
  return new OidcKeyError(
    'OIDC_KEY_MISSING',
    `There is nothing in ${where.replace(/^The/, 'the')} yet, and no key is ever made at boot. \`${command}\` makes the ` +
      'first one. Where this issuer had keys, check the name, and restore them: a new key makes every token invalid.',
  );
}

/** That a KMS which is the store of all keys has none. Nothing here makes one there. */
export function noKeyIn(where: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_MISSING', noKeySentence(where));
}

export function noKeySentence(where: string): string {
  return (
    `There is no key in ${where}. Check the name, and make the key there with the tool of the KMS: where a KMS is the store ` +
    'itself, no command makes or rotates a key. Where this issuer had keys, a new one makes every token invalid.'
  );
}

/** Why a store was not read, in its own words. */
export function refusalOf(error: unknown, where: string): OidcKeyError {
  if (error instanceof OidcKeyError) return error;
  if (error instanceof KeyStoreError) {
    return new OidcKeyError('OIDC_KEY_STORE_FAILED', `${error.message} (${error.code})`);
  }
  // What an application's own store throws may hold anything, a key included.
  return new OidcKeyError(
    'OIDC_KEY_STORE_FAILED',
    `${where} cannot be read (${wordsOf(error)}). Let it reject with a KeyStoreError to say why.`,
  );
}
