import { isDate } from 'node:util/types';

import { OidcKeyError } from '../errors.js';
import { decodeText, hasText } from './text.js';

const isoInstant =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * An instant in milliseconds since 1970, of a `Date` or of ISO 8601 text with its time zone; undefined where it is
 * not set.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function instantIn(value: unknown, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const text = decodeText(value);
  if (text === undefined && hasText(value)) return undefined;
  const instant = isDate(value) ? value.getTime() : millisecondsOf(text ?? '');
  if (Number.isFinite(instant)) return instant;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${where} has to be an ISO 8601 instant with its time zone, such as 2030-01-31T12:00:00Z.`,
  );
}

/** Of ISO 8601 text. NaN where a day or an hour is none: `Date` would quietly take the 30th of February for the 2nd of March. */
export function millisecondsOf(text: string): number {
  const fields = isoInstant
    .exec(text)
    ?.slice(1, 7)
    .map((field) => Number(field ?? 0));
  if (!fields) return Number.NaN;
  const [year, month, day, hour, minute, second] = fields as [number, number, number, number, number, number];
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  const isReal = local.toISOString().startsWith(text.slice(0, 16)) && local.getUTCSeconds() === second;
  return isReal ? Date.parse(text) : Number.NaN;
}
