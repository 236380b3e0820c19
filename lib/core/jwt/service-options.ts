import { algorithmNamed, signingAlgorithms } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { refuseUnknownOptions } from '../unknown-options.js';
import { isObject, isPlain } from '../objects.js';
import type { KeySlots } from '../reading/key-slots.js';
import { NamedValue } from '../reading/named-value.js';

/** The options of `new JwtService()`. */
export const serviceOptionNames = [
  'key',
  'nextKeys',
  'previousKeys',
  'algorithm',
  'extraTokenFields',
  'legacyHs256',
] as const;

/** Of a drill in scaled time, and in no page. */
const internal = 'propagationFloor';

/**
 * What can be wrong with options and would otherwise show when a token is issued, which is too late: a code is burnt
 * by then.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function checkServiceOptions(options: unknown, names: readonly string[], owner: string): void {
  // The value is not repeated: it may be the key itself.
  if (!isObject(options) || !isPlain(options)) {
    throw invalid(`${owner} takes its options as an object, such as { key }.`);
  }
  const { [internal]: _, ...others } = options;
  refuseUnknownOptions(
    names.includes(internal) ? others : options,
    names.filter((name) => name !== internal),
    owner,
  );
  const { algorithm, extraTokenFields } = options;
  if (algorithm !== undefined && !algorithmNamed(algorithm)) {
    throw invalid(`The option "algorithm" of ${owner} has to be one of ${signingAlgorithms.join(', ')}.`);
  }
  if (extraTokenFields !== undefined && typeof extraTokenFields !== 'function') {
    throw invalid(`The option "extraTokenFields" of ${owner} has to be a function.`);
  }
}

/** The option of each slot. */
const optionOfSlot = {
  current: 'key',
  next: 'nextKeys',
  previous: 'previousKeys',
  revokedKids: 'revokedKids',
  nextActivatesAt: 'nextActivatesAt',
} as const;

/** The keys that options give as values. */
export function slotsOfOptions(
  options: Readonly<Partial<Record<(typeof optionOfSlot)[keyof typeof optionOfSlot], unknown>>>,
): KeySlots {
  const slots = Object.entries(optionOfSlot).map(([slot, option]) => [
    slot,
    new NamedValue(`The option "${option}"`, options[option]),
  ]);
  return Object.fromEntries(slots) as Record<keyof typeof optionOfSlot, NamedValue>;
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
