import { OidcKeyError } from '../core/errors.js';
import { hasOwnMembersOnly } from '../core/jwt/own-members.js';
import { isObject, isPlain } from '../core/objects.js';

/** Options that nobody has looked at yet. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * Options as an object of their own members. What a class computes or inherits is lost where an object is copied, and
 * with it a check.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function plain(options: unknown, owner: string): Given {
  if (isPlainObject(options)) return options;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The options of ${owner} have to be a plain object, such as { issuer, audience }: what a class computes or inherits ` +
      'is not read.',
  );
}

export function refuseUnknown(
  given: Given,
  known: readonly string[],
  nameOf: (option: string) => string,
): void {
  if (given.isGlobal !== undefined) {
    throw invalid('isGlobal', 'stands beside "useFactory", and not in what that returns');
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(nameOf(unknown), `is none of ${known.join(', ')}`);
}

/** The commonest reason: a variable that is not set. */
export function emptiness(value: unknown): string {
  if (value === undefined) return ', and is undefined';
  return value === '' ? ', and is empty' : '';
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && isPlain(value) && hasOwnMembersOnly(value);
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

export function isListOf<Each>(
  value: unknown,
  is: (each: unknown) => each is Each,
): value is readonly Each[] {
  // A list may have holes, which `every` skips.
  return Array.isArray(value) && Array.from(value as unknown[]).every(is);
}

export function textsOf(value: unknown): readonly string[] | undefined {
  const values = isText(value) ? [value] : value;
  return isListOf(values, isText) && values.length > 0 ? [...values] : undefined;
}

export function invalid(option: string, defect: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The option "${option}" of ResourceServerModule ${defect}.`,
  );
}
