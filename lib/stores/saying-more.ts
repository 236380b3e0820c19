import { OidcKeyError } from '../core/errors.js';
import { CommandRefusedError } from './command-refused-error.js';
import { KeyStoreError } from './key-store.js';

/** The same error with a sentence behind its message. One that is not ours stays as it is. */
export function sayingMore(error: unknown, sentence: string): unknown {
  if (error instanceof KeyStoreError) {
    const { code, message, isTransient, retryAfter } = error;
    return new KeyStoreError(code, `${message} ${sentence}`, { isTransient, retryAfter });
  }
  if (error instanceof CommandRefusedError)
    return new CommandRefusedError(error.code, `${error.message} ${sentence}`);
  if (error instanceof OidcKeyError) return new OidcKeyError(error.code, `${error.message} ${sentence}`);
  return error;
}
