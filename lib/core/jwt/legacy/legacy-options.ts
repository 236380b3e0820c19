import { OidcKeyError } from '../../errors.js';
import { isObject, isPlain } from '../../objects.js';
import { NamedValue } from '../../reading/named-value.js';
import { isUnset } from '../../reading/text.js';
import { ownMembersOf } from '../own-members.js';
import { inSentence, LegacyHs256 } from './legacy-hs256.js';
import type { LegacyHs256Options } from './legacy-hs256.js';

const names: readonly (keyof LegacyHs256Options)[] = ['secret', 'until', 'kinds'];

/** Where each member stands that the option leaves out. */
type Elsewhere = Readonly<Partial<Record<keyof LegacyHs256Options, NamedValue>>>;

/**
 * What accepts tokens of HS256; undefined where nothing says that there were any.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, and what stands in place of a value that could not be had
 */
export function legacyOf(option: unknown, elsewhere: Elsewhere = {}): LegacyHs256 | undefined {
  const given = membersOf(option);
  const member = (name: keyof LegacyHs256Options) =>
    isUnset(given[name]) && elsewhere[name]
      ? elsewhere[name]
      : new NamedValue(`The option "legacyHs256.${name}"`, given[name]);
  const [secret, until, kinds] = [member('secret'), member('until'), member('kinds')];
  if (!isUnset(secret.value)) return new LegacyHs256({ secret, until, kinds });
  if (isUnset(until.value)) return undefined;
  throw invalid(
    `${until.where} is set, and no secret is. Set ${inSentence(secret.where)}, or remove the instant once no token of HS256 has to ` +
      'be accepted any more.',
  );
}

function membersOf(option: unknown): Readonly<Partial<Record<keyof LegacyHs256Options, unknown>>> {
  // What every object inherits by mistake is no option.
  if (option === undefined) return ownMembersOf({});
  if (!isObject(option) || !isPlain(option)) throw invalid('The option "legacyHs256" has to be an object.');
  const unknown = Object.keys(option).find((name) => !(names as readonly string[]).includes(name));
  if (unknown === undefined) return ownMembersOf(option);
  throw invalid(`The option "legacyHs256" has no member "${unknown}". Its members are ${names.join(', ')}.`);
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
