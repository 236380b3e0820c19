import type { KeyStoreErrorCode } from '../key-store.js';
import type { KeyName, TokenName } from './uri.js';

/** What the process that runs a module is told first. */
export interface Beginning {
  /** The path of the module. */
  readonly module: string;
  readonly token: TokenName;
  /** The path of the file with the PIN. */
  readonly pinSource: string | undefined;
  /** What PINs are digested with, so that nobody can try all of them against a digest. */
  readonly secret: Uint8Array;
  /** The digest of a PIN that the token has refused. */
  readonly refusedPin: Uint8Array | undefined;
}

/** What it is asked. `where` is how messages call the key. */
export type Question =
  | { readonly ask: 'find'; readonly where: string; readonly key: KeyName }
  | {
      readonly ask: 'sign';
      readonly where: string;
      readonly key: KeyName;
      /** The first name of an algorithm of ours. */
      readonly alg: string;
      /** What is signed: of ECDSA the digest. */
      readonly data: Uint8Array;
      /** The public key in DER (SPKI) that the key has to have. */
      readonly expected: Uint8Array;
    }
  | {
      readonly ask: 'create';
      readonly where: string;
      readonly alg: string;
      readonly bits: number;
      readonly label: Uint8Array;
      readonly id: Uint8Array;
    }
  | { readonly ask: 'disable'; readonly where: string; readonly key: KeyName };

/** A key as a token has it. */
export interface FoundKey {
  /** CKA_ID; empty where it has none. */
  readonly id: Uint8Array;
  /** In DER (SPKI). */
  readonly publicKey: Uint8Array;
  readonly refusal: string | undefined;
  readonly warning: string | undefined;
}

/** What it answers. */
export interface Answers {
  readonly find: FoundKey | undefined;
  readonly sign: Uint8Array;
  readonly create: FoundKey;
  /** The attributes that still let it make signatures, since the token changes them for nobody. */
  readonly disable: readonly string[];
}

/** A KeyStoreError on its way between processes. */
export interface Failure {
  readonly code: KeyStoreErrorCode;
  readonly message: string;
  readonly isTransient: boolean;
}

/** What goes to the process. */
export type Message =
  { readonly begin: Beginning } | { readonly number: number; readonly question: Question };

/** What comes back. */
export type Reply =
  | { readonly number: number; readonly answer: Answers[keyof Answers] }
  | { readonly number: number; readonly failure: Failure }
  | { readonly refusedPin: Uint8Array };
