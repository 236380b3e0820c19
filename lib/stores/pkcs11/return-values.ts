import { KeyStoreError } from '../key-store.js';
import type { KeyStoreErrorCode } from '../key-store.js';

/** What a module answered other than CKR_OK. */
export interface ReturnValue {
  readonly number: number;
  /** The name and the number: pkcs11js has a wrong name for some. */
  readonly text: string;
}

/**
 * The return value in what pkcs11js throws: as a member of its own class, or in the words of a plain error, which calls
 * that it does not wrap throw.
 */
export function returnValueIn(error: unknown): ReturnValue | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, name, written] = /(CKR_\w+)(?::(\d+))?/.exec(error.message) ?? [];
  const { code } = error as { readonly code?: unknown };
  const number = written === undefined ? code : Number(written);
  if (name === undefined || typeof number !== 'number') return undefined;
  return { number, text: `${name.startsWith('CKR_VENDOR') ? 'CKR' : name} ${number}` };
}

/** The device, the slot, a session or the module's own state is gone: begin again from the start. */
export const asksForOpening: ReadonlySet<number> = new Set([
  3, // CKR_SLOT_ID_INVALID
  5, // CKR_GENERAL_ERROR
  48, // CKR_DEVICE_ERROR
  49, // CKR_DEVICE_MEMORY
  50, // CKR_DEVICE_REMOVED
  144, // CKR_OPERATION_ACTIVE: left on a session by a signature that failed
  179, // CKR_SESSION_HANDLE_INVALID
  224, // CKR_TOKEN_NOT_PRESENT
  400, // CKR_CRYPTOKI_NOT_INITIALIZED
]);

export const notLoggedIn = 257;

/** CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID: the key has to be found again. */
export const asksForFinding: ReadonlySet<number> = new Set([96, 130]);

/** Of these the PIN is the cause, and the token counts. */
export const refusesPin: Readonly<Record<number, string>> = {
  160: 'is refused the PIN',
  161: 'is refused the PIN',
  162: 'is refused the PIN, which is too long or too short for it',
  163: 'is refused the PIN, which has expired',
  164: 'has its PIN locked',
};

type Meaning = readonly [code: KeyStoreErrorCode, words: string, isTransient?: true];

const noMechanism: Meaning = [
  'KEY_STORE_KEY_UNUSABLE',
  'is asked for what the module or the token does not do with it. `pkcs11-tool --list-mechanisms` shows what it does',
];
const notWritten: Meaning = [
  'KEY_STORE_FORBIDDEN',
  'is on a token that takes no change from this user. Make and change keys with the tool of its vendor',
];

const meanings: Readonly<Record<number, Meaning>> = {
  2: ['KEY_STORE_UNREACHABLE', 'gets no answer: the module has no memory', true],
  6: ['KEY_STORE_UNREACHABLE', 'gets no answer: the module failed. Check the device and its service', true],
  27: notWritten,
  99: ['KEY_STORE_KEY_UNUSABLE', 'is of another kind than the algorithm takes'],
  104: ['KEY_STORE_KEY_UNUSABLE', 'is not for signing (CKA_SIGN is false). Set it, or make another key'],
  112: noMechanism,
  113: noMechanism,
  177: ['KEY_STORE_THROTTLED', 'gets no session: the token has no more. Raise its limit', true],
  181: notWritten,
  226: notWritten,
  257: ['KEY_STORE_UNAUTHENTICATED', 'is asked without a login, although the module took one'],
  258: [
    'KEY_STORE_UNAUTHENTICATED',
    'is on a token without a PIN of its user. Set one: `pkcs11-tool --init-pin`',
  ],
  320: noMechanism,
};

/** What it means to whoever asked. */
export function refusalOf({ number, text }: ReturnValue, where: string): KeyStoreError {
  const known: Meaning | undefined =
    meanings[number] ??
    (asksForOpening.has(number)
      ? ['KEY_STORE_UNREACHABLE', 'gets no answer. Check the device, and its service', true]
      : undefined);
  const [code, words, isTransient] =
    known ?? (['KEY_STORE_KEY_UNUSABLE', 'is not used as it was asked for'] as Meaning);
  return new KeyStoreError(code, `${where} ${words} (${text}).`, { isTransient });
}
