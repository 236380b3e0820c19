import type { Handle, PKCS11, TokenInfo } from 'pkcs11js';

import { KeyStoreError } from '../key-store.js';
import { BackOff } from './back-off.js';
import { PinSource, refusalOfFlags, refuse } from './login.js';
import { OpenToken } from './open-token.js';
import type { Beginning } from './protocol.js';
import {
  asksForFinding,
  asksForOpening,
  notLoggedIn,
  refusalOf,
  refusesPin,
  returnValueIn,
} from './return-values.js';
import type { ReturnValue } from './return-values.js';
import { tokenReference } from './uri.js';

/** Numbers of PKCS#11. */
const osLocking = 0x2;
const alreadyInitialized = 401;
const alreadyLoggedIn = 256;
const user = 1;
const loginRequired = 0x4;
/** CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED. */
const withoutToken: ReadonlySet<number> = new Set([224, 225]);

/** A token, which is opened when it is used, and again after whatever went wrong with it. */
export class Token {
  readonly #module: PKCS11;
  readonly #file: string;
  readonly #name: Beginning['token'];
  readonly #where: string;
  readonly #pin: PinSource | undefined;
  readonly #whenRefused: (digest: Uint8Array) => void;
  readonly #backOff = new BackOff();
  #open: OpenToken | undefined;
  /** The one before, while something still runs on it. */
  #left: OpenToken | undefined;
  #opening: Promise<OpenToken> | undefined;

  constructor(module: PKCS11, beginning: Beginning, whenRefused: (digest: Uint8Array) => void) {
    this.#module = module;
    this.#file = beginning.module;
    this.#name = beginning.token;
    this.#where = tokenReference(beginning.token);
    this.#pin = beginning.pinSource === undefined ? undefined : new PinSource(beginning.pinSource, beginning);
    this.#whenRefused = whenRefused;
  }

  /**
   * Does something with the token. What the loss of the device, of the login or of a handle broke is done once more.
   *
   * @param attempts 1 for what must not be done twice
   * @throws KeyStoreError
   */
  async use<Result>(
    where: string,
    work: (open: OpenToken) => Promise<Result>,
    attempts: 1 | 2 = 2,
  ): Promise<Result> {
    for (let attempt = 1; ;) {
      const open = await this.#opened();
      // Left meanwhile by what ran on it: its handles may be those of others by now.
      if (open !== this.#open) continue;
      open.begin();
      try {
        if (!open.isLoggedIn) this.#logIn(open);
        const result = await work(open);
        this.#backOff.succeeded();
        return result;
      } catch (error) {
        const value = returnValueIn(error);
        if (!value) throw error;
        const refusal = refusalOf(value, where);
        if (!this.#repair(value, open) || attempt >= attempts) throw refusal;
        attempt++;
      } finally {
        open.end();
      }
    }
  }

  async close(): Promise<void> {
    await this.#leave();
  }

  /** @returns whether trying again may be worth it */
  #repair(value: ReturnValue, open: OpenToken): boolean {
    const { number } = value;
    if (asksForFinding.has(number)) open.keys.clear();
    else if (number === notLoggedIn) open.isLoggedIn = false;
    else if (asksForOpening.has(number)) this.#drop(open, refusalOf(value, this.#where));
    else return false;
    return true;
  }

  #drop(open: OpenToken, error: KeyStoreError): void {
    // Others that ran on it have said so already.
    if (this.#open !== open) return;
    this.#open = undefined;
    this.#left = open;
    this.#backOff.failed(error);
  }

  #opened(): Promise<OpenToken> {
    this.#opening ??= this.#reopen().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #reopen(): Promise<OpenToken> {
    if (this.#open) return this.#open;
    await this.#leave();
    this.#backOff.check();
    try {
      this.#open = this.#begin();
      return this.#open;
    } catch (error) {
      this.#finalize();
      const value = returnValueIn(error);
      const failure = value ? refusalOf(value, this.#where) : error;
      if (failure instanceof KeyStoreError) this.#backOff.failed(failure);
      throw failure;
    }
  }

  /** A module crashes where it is ended, or one of its sessions, while something runs in it. */
  async #leave(): Promise<void> {
    const left = this.#left ?? this.#open;
    if (!left) return;
    this.#open = undefined;
    this.#left = left;
    await left.idle();
    if (this.#left !== left) return;
    this.#left = undefined;
    this.#finalize();
  }

  #finalize(): void {
    try {
      this.#module.C_Finalize();
    } catch {
      // It was not initialized, or the device is gone. What counts is whether it begins again.
    }
  }

  #begin(): OpenToken {
    try {
      // Signatures run on threads: without this a module may crash.
      this.#module.C_Initialize({ flags: osLocking });
    } catch (error) {
      if (returnValueIn(error)?.number !== alreadyInitialized) throw error;
    }
    const { slot, info } = this.#slot();
    const open = new OpenToken(this.#module, slot);
    open.needsLogin = this.#pin !== undefined || (info.flags & loginRequired) !== 0;
    this.#logIn(open, info);
    return open;
  }

  /** By the label: numbers of slots are given out anew, and an empty slot is often beside. */
  #slot(): { readonly slot: Handle; readonly info: TokenInfo } {
    const slots = this.#module.C_GetSlotList(true);
    const tokens = slots.flatMap((slot) => this.#infoOf(slot));
    const { token, serial, manufacturer, model } = this.#name;
    const isNamed = ({ info }: (typeof tokens)[number]) =>
      info.label.trimEnd() === token &&
      (serial ?? info.serialNumber.trimEnd()) === info.serialNumber.trimEnd() &&
      (manufacturer ?? info.manufacturerID.trimEnd()) === info.manufacturerID.trimEnd() &&
      (model ?? info.model.trimEnd()) === info.model.trimEnd();
    const [found, ...others] = tokens.filter(isNamed);
    if (found && others.length === 0) return found;
    if (found) {
      throw this.#misconfigured('is the label of more than one token. Add serial= to the reference.');
    }
    if (tokens.length > 0) {
      throw this.#misconfigured(
        `is no token that the module has. Check the label: \`pkcs11-tool --module ${this.#file} --list-token-slots\` shows those that are there.`,
      );
    }
    throw new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${this.#where} is not there: the module has no token at all. Check the device, its service, and the settings of the ` +
        'module.',
      { isTransient: true },
    );
  }

  /** Nothing of a slot whose token is blank, or just gone. */
  #infoOf(slot: Handle): { readonly slot: Handle; readonly info: TokenInfo }[] {
    try {
      return [{ slot, info: this.#module.C_GetTokenInfo(slot) }];
    } catch (error) {
      if (withoutToken.has(returnValueIn(error)?.number ?? 0)) return [];
      throw error;
    }
  }

  #misconfigured(words: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_MISCONFIGURED', `${this.#where} ${words}`);
  }

  #logIn(open: OpenToken, info = this.#module.C_GetTokenInfo(open.slot)): void {
    if (open.needsLogin) this.#sendPin(open, info);
    open.isLoggedIn = true;
  }

  #sendPin(open: OpenToken, info: TokenInfo): void {
    if (!this.#pin) {
      throw this.#misconfigured('wants a login. Add pin-source=FILE to the query, a file with the PIN.');
    }
    const refusal = refusalOfFlags(info.flags);
    if (refusal !== undefined) throw refuse(this.#where, refusal);
    const pin = this.#pin.read(this.#where);
    try {
      this.#module.C_Login(open.anySession(), user, pin);
    } catch (error) {
      const value = returnValueIn(error);
      if (value?.number === alreadyLoggedIn) return;
      const words = refusesPin[value?.number ?? 0];
      if (!value || words === undefined) throw error;
      this.#whenRefused(this.#pin.refuse(pin));
      throw refuse(
        this.#where,
        `${words} (${value.text}). It is not tried again. Correct the file that pin-source names.`,
      );
    }
  }
}
