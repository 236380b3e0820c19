import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { KeyStoreError } from '../key-store.js';
import type { Beginning } from './protocol.js';

/** More than any token takes. */
const mostBytes = 1024;

/** CKF_USER_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY. */
const pinLocked = 0x4_00_00;
const finalTry = 0x2_00_00;

/** The PIN in a file. Tokens count wrong ones and lock for good, so one that was refused is never sent again. */
export class PinSource {
  readonly #path: string;
  readonly #secret: Uint8Array;
  #refused: Uint8Array | undefined;

  constructor(path: string, { secret, refusedPin }: Pick<Beginning, 'secret' | 'refusedPin'>) {
    this.#path = path;
    this.#secret = secret;
    this.#refused = refusedPin;
  }

  /**
   * The PIN as the file has it now.
   *
   * @throws KeyStoreError `KEY_STORE_UNAUTHENTICATED`
   */
  read(where: string): string {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever writes it may have been started at the same time.
      throw refuse(where, `is not asked: the file of pin-source cannot be read (${code}).`, true);
    }
    const pin = bytes.toString().replace(/\r?\n$/, '');
    if (pin === '' || bytes.length > mostBytes) {
      throw refuse(
        where,
        `is not asked: the file of pin-source ${pin === '' ? 'is empty' : 'is no PIN'}.`,
        pin === '',
      );
    }
    if (this.#refused && this.#digest(pin).equals(this.#refused)) {
      throw refuse(
        where,
        'has refused the PIN of pin-source before, and is not asked again with the same one, since tokens lock after a few. ' +
          'Correct the file. After a change on the token, restart.',
      );
    }
    return pin;
  }

  /** Remembers that a PIN was refused; returns its digest. */
  refuse(pin: string): Uint8Array {
    this.#refused = this.#digest(pin);
    return this.#refused;
  }

  #digest(pin: string): Buffer {
    return createHmac('sha256', this.#secret).update(pin).digest();
  }
}

/** Why nobody should try a PIN on a token, by the flags that it shows. */
export function refusalOfFlags(flags: number): string | undefined {
  if ((flags & pinLocked) !== 0)
    return 'has its PIN locked. Its security officer can set another: `pkcs11-tool --init-pin`.';
  if ((flags & finalTry) !== 0) {
    return (
      'would lock at the next wrong PIN, and none is tried. Log in once with the tool of its vendor, which sets the count ' +
      'back, and correct the file of pin-source.'
    );
  }
  return undefined;
}

export function refuse(where: string, words: string, isTransient = false): KeyStoreError {
  return new KeyStoreError('KEY_STORE_UNAUTHENTICATED', `${where} ${words}`, { isTransient });
}
