import { inspect } from 'node:util';

import type { OidcKeyError } from '../errors.js';

/**
 * What a message about a value needs beside its name.
 *
 * @inline
 */
interface AboutValue {
  /** What to do where it is missing. */
  readonly remedy?: string | undefined;
  /** Why there is none, for whoever needs it. */
  readonly absence?: OidcKeyError | undefined;
  /** That its file is there and empty, for whoever must not take that for a setting that is not set. */
  readonly emptiness?: OidcKeyError | undefined;
  /** What is wrong with a value that is taken all the same. */
  readonly defect?: OidcKeyError | undefined;
  /** What is odd about where it was found, which its owner should know. */
  readonly warning?: string | undefined;
  /** The same value under another name: both have to hold the same keys. */
  readonly alias?: NamedValue | undefined;
}

/** A value as it was found: not opened, not checked, with what a message about it needs. */
export class NamedValue {
  // A key or a passphrase: whoever prints what a source gave must not see it.
  readonly #value: unknown;

  constructor(
    /** How messages call it, such as `OIDC_PRIVATE_KEY` or `The option "key"`. */
    readonly where: string,
    value: unknown,
    readonly about: AboutValue = {},
  ) {
    this.#value = value;
  }

  /** As it was found. Where it could not be had, the OidcKeyError that says why. */
  get value(): unknown {
    return this.#value;
  }

  /** A debugger may be told to call getters. */
  [inspect.custom](): string {
    return `NamedValue (${this.where})`;
  }
}
