import { OidcKeyError } from '../errors.js';

const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function instantOf(text: string, name: string): Date {
  const instant = new Date(isoInstant.test(text) ? text : Number.NaN);
  if (Number.isFinite(instant.getTime())) return instant;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${name} has to be an ISO 8601 instant with its time zone, such as 2030-01-31T12:00:00Z.`,
  );
}
