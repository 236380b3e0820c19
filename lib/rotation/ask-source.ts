import { OidcKeyError } from '../core/errors.js';
import { wordsOf } from '../core/words-of-error.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { decrypted } from '../sources/decrypted.js';
import type { KeySource } from '../sources/key-source.js';

const patience = 30_000;

/**
 * Asks a source for as long as somebody may reasonably wait. An encrypted key set comes decrypted.
 *
 * @throws OidcKeyError what the source rejects with, or `OIDC_KEY_SOURCE_FAILED`
 */
export async function askSource(source: KeySource, signal?: AbortSignal): Promise<KeySlots> {
  try {
    return await decrypted(await loadInTime(source, signal));
  } catch (error) {
    throw failureOf(error);
  }
}

/** @throws OidcKeyError `OIDC_KEY_SOURCE_FAILED` */
export function watchSource(source: KeySource, changed: () => void): (() => void) | undefined {
  try {
    const unwatch: unknown = source.watch?.(changed);
    return typeof unwatch === 'function' ? (unwatch as () => void) : undefined;
  } catch (error) {
    throw failureOf(error);
  }
}

/** What may be said of a failure. */
export function failureOf(error: unknown): OidcKeyError {
  if (error instanceof OidcKeyError) return error;
  return new OidcKeyError(
    'OIDC_KEY_SOURCE_FAILED',
    `The key source failed or did not answer (${wordsOf(error)}). ` +
      'Let it reject with an OidcKeyError to say why.',
  );
}

async function loadInTime(source: KeySource, signal?: AbortSignal): Promise<KeySlots> {
  signal?.throwIfAborted();
  const loading = new AbortController();
  const abort = () => loading.abort(signal?.reason);
  const tooLate = () =>
    loading.abort(new DOMException('The key source did not answer in time', 'TimeoutError'));
  // Not AbortSignal.any, which a signal that lives long keeps alive, and not AbortSignal.timeout, which lets a boot end
  // silently.
  const timer = setTimeout(tooLate, patience);
  signal?.addEventListener('abort', abort);
  try {
    const aborted = new Promise<never>((_, reject) => {
      loading.signal.addEventListener('abort', () => reject(loading.signal.reason as Error));
    });
    return await Promise.race([source.load(loading.signal), aborted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
