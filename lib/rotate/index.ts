/**
 * What the commands do, as functions: for a scheduled function, a script, or a controller of one's own.
 *
 * @module nestjs-oidc-key/rotate
 */

import type { SigningAlgorithm } from '../core/algorithms.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { statusJson } from '../core/key-set/status-json.js';
import { refuseUnknownOptions } from '../core/unknown-options.js';
import { hasMethods, invalidOption } from '../options/given-options.js';
import { readKeys } from '../stores/stored-key-set.js';
import { initIn, keysToTakeOver, retireIn, revokeIn, rotateIn, statusIn } from '../stores/commands.js';
import type { CommandResult } from '../stores/command-result.js';
import type { KeyStore, SignerReference } from '../stores/key-store.js';
import type { Workplace } from '../stores/run-command.js';
import { workplaceFor } from './workplace.js';
import type { CommandOptions } from './workplace.js';

export { CommandRefusedError } from '../stores/command-refused-error.js';
export type { RefusalCode } from '../core/key-set/outcome.js';
export type { SettingsReader } from '../sources/settings.js';
export type { CommandRefusalCode } from '../stores/command-refused-error.js';
export type { CommandResult, CommandTiming } from '../stores/command-result.js';
export { KeyStoreError } from '../stores/key-store.js';
export type {
  KeyStore,
  KeyStoreErrorCode,
  OtherVersion,
  SignerReference,
  StoredText,
} from '../stores/key-store.js';
export { StoreReferenceError } from '../stores/store-reference-error.js';
export type { CommandOptions } from './workplace.js';

const commonOptions = Object.keys({
  store: true,
  settings: true,
  prefix: true,
  maxAge: true,
  retention: true,
  spread: true,
  clockSkew: true,
  dryRun: true,
} satisfies Record<keyof CommandOptions, true>);

/** How the first key is made. */
export interface InitOptions extends CommandOptions {
  /** What it is for. Default `RS256`. */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** The size of an RSA modulus. Default 2048. */
  readonly bits?: number | undefined;
  /**
   * The KMS or HSM in which the key is made, or into which keys of `from` are imported, such as
   * `vault-transit:transit/oidc`. Default: the private half is in the store.
   */
  readonly to?: string | SignerReference | undefined;
  /**
   * Keys that exist are taken over in place of a new one, under their kids: the text of a key in any form that is read, or
   * a store.
   */
  readonly from?: string | KeyStore | undefined;
}

/**
 * Puts the first key of an issuer into a store where there is none. It never overwrites.
 *
 * @throws CommandRefusedError `KEY_SET_EXISTS`, `KEY_NOT_TAKEN`
 * @throws KeyStoreError where the store cannot be read or written
 * @throws StoreReferenceError where no store is named
 * @throws OidcKeyError what is wrong with a key, or with a setting; `OIDC_KEY_INVALID_OPTION`
 */
export async function init(options: InitOptions = {}): Promise<CommandResult> {
  refuseUnknownOptions(options, [...commonOptions, 'algorithm', 'bits', 'from', 'to'], 'init');
  const { algorithm, bits, from, to, ...others } = options;
  const place = await workplaceFor(others, { bits, to });
  return initIn(place, { algorithm, from: from === undefined ? undefined : await givenKeys(from, place) });
}

function givenKeys(from: string | KeyStore, place: Workplace): Promise<KeySet> {
  const decryption = { ...place.decryption, where: 'The option "from"' };
  if (typeof from === 'string') return readKeys(from, decryption);
  if (hasMethods(from, ['read'])) return keysToTakeOver({ ...place, store: from, decryption });
  throw invalidOption(
    'The option "from" has to be a key as text, a PEM or a JWK, or a store. Of a KeyObject or a Buffer give the text.',
  );
}

/** What is rotated, and when. */
export interface RotateOptions extends CommandOptions {
  /** Default: every algorithm there is. The first key of a further one is made by naming it. */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** The size of an RSA modulus. Default: that of the key before. */
  readonly bits?: number | undefined;
  /**
   * The KMS or HSM in which the key is made, or `store` for the store itself. So keys move. Default: where the key before
   * is.
   */
  readonly to?: string | SignerReference | undefined;
  /**
   * How old the newest key has to be, in seconds: until then nothing is done, so that a function that runs daily is right.
   * Default: no matter.
   */
  readonly every?: number | undefined;
  /** Destroys the older versions that the store keeps, and private halves in them, for good. Default `false`. */
  readonly prune?: boolean | undefined;
}

/**
 * Adds the key that signs next: it is published at once, and signs when relying parties know it. Two that rotate at once
 * make one key.
 *
 * @throws CommandRefusedError `KEY_WAITS` (without `every`), `KEY_SET_MISSING`, `CLOCK_DIFFERS`
 * @throws KeyStoreError where the store cannot be read or written
 * @throws StoreReferenceError where no store is named
 * @throws OidcKeyError what is wrong with what the store holds, or with a setting; `OIDC_KEY_INVALID_OPTION`
 */
export async function rotate(options: RotateOptions = {}): Promise<CommandResult> {
  const names = [...commonOptions, 'algorithm', 'bits', 'every', 'prune', 'to'];
  refuseUnknownOptions(options, names, 'rotate');
  const { algorithm, bits, every, prune, to, ...others } = options;
  return rotateIn(await workplaceFor(others, { bits, to }), { algorithm, every, prune });
}

/** Which key is revoked, and how. */
export interface RevokeOptions extends CommandOptions {
  /** The kid of the key, or its JWK thumbprint (RFC 7638). */
  readonly kid: string;
  /** Why, for whoever reads the key set. */
  readonly reason?: string | undefined;
  /** Makes no key where nothing is left to sign. Default `false`. */
  readonly noRotate?: boolean | undefined;
  /** The size of an RSA modulus, if a key is made. Default: that of the key before. */
  readonly bits?: number | undefined;
}

/**
 * Makes a key worthless at once, since it was stolen. What is left signs; where nothing is, a key is made.
 *
 * @throws CommandRefusedError `KEY_UNKNOWN`, `CLOCK_DIFFERS`
 * @throws KeyStoreError where the store cannot be read or written
 * @throws StoreReferenceError where no store is named
 * @throws OidcKeyError what is wrong with what the store holds, or with a setting; `OIDC_KEY_INVALID_OPTION`
 */
export async function revoke(options: RevokeOptions): Promise<CommandResult> {
  refuseUnknownOptions(options, [...commonOptions, 'kid', 'reason', 'noRotate', 'bits'], 'revoke');
  const { kid, reason, noRotate, bits, ...others } = options;
  return revokeIn(await workplaceFor(others, { bits }), kid, { reason, noRotate });
}

/** Which algorithm is given up: that of this key. */
export interface RetireOptions extends CommandOptions {
  /** The kid of the key, or its JWK thumbprint (RFC 7638). */
  readonly kid: string;
}

/**
 * Gives up an algorithm: its only key signs no more, and is published until its last token has expired.
 *
 * @throws CommandRefusedError `KEY_NEEDED`, `KEY_UNKNOWN`, `CLOCK_DIFFERS`
 * @throws KeyStoreError where the store cannot be read or written
 * @throws StoreReferenceError where no store is named
 * @throws OidcKeyError what is wrong with what the store holds, or with a setting; `OIDC_KEY_INVALID_OPTION`
 */
export async function retire(options: RetireOptions): Promise<CommandResult> {
  refuseUnknownOptions(options, [...commonOptions, 'kid'], 'retire');
  const { kid, ...others } = options;
  return retireIn(await workplaceFor(others), kid);
}

/** The keys of a store, as `status --json` prints them. */
export interface KeySetStatus {
  /** ISO 8601, in UTC. */
  readonly now: string;
  /** When a key starts to sign, or goes. */
  readonly nextChange: string | null;
  /** Each key with its state and its life. */
  readonly keys: readonly object[];
  /** Algorithms that no key signs. */
  readonly withoutSigner: readonly string[];
  /** What is safe to do now, and what is not. */
  readonly advice: readonly object[];
  readonly warnings: readonly string[];
}

/**
 * The keys of a store, their lives, and what is safe to do now. It writes nothing.
 *
 * @throws CommandRefusedError `KEY_SET_MISSING`
 * @throws KeyStoreError where the store cannot be read
 * @throws StoreReferenceError where no store is named
 * @throws OidcKeyError what is wrong with what the store holds, or with a setting; `OIDC_KEY_INVALID_OPTION`
 */
export async function status(options: CommandOptions = {}): Promise<KeySetStatus> {
  refuseUnknownOptions(options, commonOptions, 'status');
  const { view, advice } = await statusIn(await workplaceFor(options));
  return statusJson(view, advice) as unknown as KeySetStatus;
}
