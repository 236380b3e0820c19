import { isObject } from '../../core/objects.js';
import { retryAfterIn } from '../https/https-client.js';
import type { HttpsAnswer } from '../https/https-client.js';
import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';

/** What a server says that is about itself, whatever was asked, or that is not from Vault at all. */
export function refusalOfServer(answer: HttpsAnswer, where: string): KeyStoreError | undefined {
  const { status, json, text } = answer;
  const errors = isObject(json) && Array.isArray(json.errors) ? json.errors.map(String) : undefined;
  const says = (words: string) => errors?.some((error) => error.includes(words)) ?? false;
  const error = (code: KeyStoreErrorCode, message: string, isTransient = false) =>
    new KeyStoreError(code, `${where} ${message}`, { isTransient, retryAfter: retryAfterIn(answer) });

  if (says('Vault is sealed') || says('OpenBao is sealed')) {
    // One that unseals itself is sealed for a moment after each start.
    return error('KEY_STORE_SEALED', 'is sealed. Somebody has to unseal the server.', true);
  }
  if (status === 412 || (status === 429 && errors?.length === 0)) {
    return error(
      'KEY_STORE_UNREACHABLE',
      'is behind: the server that answers has not seen the last write.',
      true,
    );
  }
  if (status === 429) {
    return error(
      'KEY_STORE_THROTTLED',
      'is asked too often: the server refuses more (429). Raise its rate limit, or the interval.',
      true,
    );
  }
  if (says('Upgrading from non-versioned') || says('Waiting for the primary to upgrade')) {
    return error('KEY_STORE_UNREACHABLE', 'is being made ready: its mount is new.', true);
  }
  if (says('namespace not found')) {
    return error(
      'KEY_STORE_MISCONFIGURED',
      'is asked for in a namespace that is not there. Check VAULT_NAMESPACE.',
    );
  }
  if (says('value being too large') || status === 413) {
    return error(
      'KEY_STORE_TOO_LARGE',
      'takes no value as large as this. Keep the key set in a secret of its own, retire an algorithm that nobody needs, or ' +
        'make keys of ES256: they are a sixth as long as those of RS256.',
    );
  }
  if (text.startsWith('Client sent an HTTP request to an HTTPS server')) {
    return error('KEY_STORE_MISCONFIGURED', 'is asked over http, and speaks https. Change VAULT_ADDR.');
  }
  if (status >= 500 && !isOfCaller(errors)) {
    return error('KEY_STORE_UNREACHABLE', `answers with an error of its own (${status}).`, true);
  }
  if (status !== 204 && !isObject(json)) {
    return error(
      'KEY_STORE_UNREACHABLE',
      `gives an answer (${status}) that is not from Vault. Check that VAULT_ADDR names Vault or OpenBao, and nothing between.`,
    );
  }
  return undefined;
}

const mistakes = [
  'could not find version data',
  // Of Transit.
  'requested version for signing',
  'no such key version',
  'soft-deleted key',
  'signing key not found',
  'does not allow rotation',
  'import',
  'decryption error',
];

/** Vault answers 500 to some mistakes of whoever asks. */
function isOfCaller(errors: readonly string[] | undefined): boolean {
  return errors?.some((error) => mistakes.some((words) => error.includes(words))) ?? false;
}

/** A token that is unknown, expired, revoked or used up: said alone, where a policy's refusal is counted. */
export function isTokenRefused(status: number, errors: readonly string[] = []): boolean {
  if (status === 400) return errors.includes('missing client token');
  if (status !== 403) return false;
  return errors.includes('permission denied') || errors.some((error) => /\binvalid token\b/.test(error));
}

/** That an answer is none to what was asked. */
export function strangeAnswer(where: string, status: number): KeyStoreError {
  return new KeyStoreError(
    'KEY_STORE_NOT_READ',
    `${where} gives an answer (${status}) that is none to what was asked. Check that VAULT_ADDR names Vault or OpenBao.`,
  );
}
