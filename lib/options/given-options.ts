import { OidcKeyError } from '../core/errors.js';
import { hasOwnMembersOnly } from '../core/jwt/own-members.js';
import { isObject, isPlain } from '../core/objects.js';
import { refuseUnknownOptions } from '../core/unknown-options.js';

/** Whether a value can be used, and what a message says that it has to be. */
export type OptionCheck = readonly [isGood: (value: unknown) => boolean, hasToBe: string];

export type OptionChecks<Options> = Readonly<Record<keyof Options, OptionCheck>>;

/** @inline */
interface HowGiven {
  /** What takes the options, as messages call it. */
  readonly owner: string;
  /** What they look like, as a message shows it. */
  readonly example: string;
  /** Whether an option that is there and undefined is one that was left out. Default: it is a mistake. */
  readonly mayBeUndefined?: boolean | undefined;
}

/**
 * Nothing that somebody gave is ignored, and nothing is taken for what it is not. What the values are is not repeated.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function checkGivenOptions<Options extends object>(
  given: unknown,
  checks: OptionChecks<Options>,
  { owner, example, mayBeUndefined = false }: HowGiven,
): asserts given is Options {
  if (!isObject(given) || !isPlain(given) || !hasOwnMembersOnly(given)) {
    throw invalidOption(`${owner} takes a plain object, such as ${example}.`);
  }
  refuseUnknownOptions(given, Object.keys(checks), owner);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined && mayBeUndefined) continue;
    const [isGood, hasToBe] = checks[name as keyof Options];
    if (value === undefined || !isGood(value)) {
      const remedy = value === undefined ? ', and is undefined. Give it a value, or leave it out' : '';
      throw invalidOption(`The option "${name}" of ${owner} has to be ${hasToBe}${remedy}.`);
    }
  }
}

export function invalidOption(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}

/** Whether a value has these methods, whichever class it is of. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}
