import { isReference } from '../stores/store-reference.js';
import { UsageError } from './command-line-error.js';

/** A thumbprint (RFC 7638) that begins like an option. One in sixty does. */
const likeOption = /^-[\w-]{42}$/;

/** The arguments in an order in which a kid that begins with "-" is taken for none of the options. */
export function withKidLast(given: readonly string[]): string[] {
  const kids = given.includes('--') ? [] : given.filter((argument) => likeOption.test(argument));
  if (kids.length === 0) return [...given];
  return [...given.filter((argument) => !kids.includes(argument)), '--', ...kids];
}

/** `[STORE] KID`, which no library for command lines knows: what comes last has to be there. */
export function storeAndKid(given: readonly string[]): { reference: string | undefined; kid: string } {
  const [first, second, ...more] = given;
  if (first === undefined || more.length > 0) {
    throw new UsageError(
      'KID_MISSING',
      'Give the kid, and before it the store if the settings do not name it.',
    );
  }
  if (second !== undefined) return { reference: first, kid: second };
  if (first === '-' || isReference(first)) {
    throw new UsageError('KID_MISSING', 'Give the kid behind the store. `status` shows the kids.');
  }
  return { reference: undefined, kid: first };
}
