// Reads the parameter `claims` of an authorization request (OpenID Connect Core section 5.5).
import { z } from 'zod';
import { ACR } from '../oauth/id-token.service.js';
import { CLAIMS, type ClaimTarget, CLAIMS_OF_SCOPES, scopeOfClaim } from '../oauth/scopes.js';
import { AuthorizationError } from './authorization-error.js';

const claim = z
  .object({
    essential: z.boolean().optional(),
    value: z.unknown(),
    values: z.array(z.unknown()).optional(),
  })
  .partial()
  .nullable();
const claims = z.record(z.string(), claim).optional();

/** Its length, which is limited where it is read, limits its depth too. */
export const claimsParameter = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('is no JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ userinfo: claims, id_token: claims }));

export type ClaimsParameter = z.output<typeof claimsParameter>;

/** The claims that a client of these scopes may have and that no scope of the request gives already. */
export function namedScopes(
  requested: ClaimsParameter | undefined,
  registered: readonly string[],
  scopes: readonly string[],
): string[] {
  const mayHave = registered.flatMap((scope) => CLAIMS_OF_SCOPES.get(scope) ?? []);
  const given = scopes.flatMap((scope) => CLAIMS_OF_SCOPES.get(scope) ?? []);
  const named = (target: ClaimTarget, without: readonly string[]) =>
    CLAIMS.filter((name) => Object.hasOwn(requested?.[target] ?? {}, name))
      .filter((name) => mayHave.includes(name) && !without.includes(name))
      .map((name) => scopeOfClaim(target, name));
  return [...named('userinfo', given), ...named('id_token', [])];
}

/**
 * The one user whom the client asks for.
 *
 * @throws AuthorizationError where it asks for one in a way that is not understood: to go on could log in somebody else
 */
export function subjectIn(requested: ClaimsParameter | undefined): string | undefined {
  const asked = [requested?.id_token?.['sub'], requested?.userinfo?.['sub']].flatMap((sub) => [
    ...(sub?.values ?? []),
    ...(sub?.value === undefined ? [] : [sub.value]),
  ]);
  const [subject, ...others] = new Set(asked);
  if (others.length > 0 || (asked.length > 0 && typeof subject !== 'string')) {
    throw new AuthorizationError('invalid_request', 'The claim sub can be asked for with one value only');
  }
  return typeof subject === 'string' ? subject : undefined;
}

/** Section 5.5.1.1: an essential `acr` that can't be had is a sign-in that failed. */
export function asksForAnotherAcr(requested: ClaimsParameter | undefined): boolean {
  const acr = requested?.id_token?.['acr'];
  if (!acr?.essential) return false;
  const values = acr.values ?? (acr.value === undefined ? undefined : [acr.value]);
  return values !== undefined && !values.includes(ACR);
}
