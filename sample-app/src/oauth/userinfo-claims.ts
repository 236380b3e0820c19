// Chooses the claims about a user that the granted scopes give.
import type { User } from '../users/user.repository.js';
import { CLAIMS, CLAIMS_OF_SCOPES, type ClaimTarget, claimOfScope } from './scopes.js';

export function userInfoClaims(user: User, scopes: readonly string[]): Record<string, unknown> {
  const names = scopes.flatMap((scope) => CLAIMS_OF_SCOPES.get(scope) ?? []);
  // `sub` last, because it must be the `sub` of the ID token whatever else is added above.
  return { ...claimsOf(user, names), ...namedClaims(user, scopes, 'userinfo'), sub: user.id };
}

/** Those that the client asked for by their names. */
export function namedClaims(
  user: User,
  scopes: readonly string[],
  target: ClaimTarget,
): Record<string, unknown> {
  return claimsOf(
    user,
    scopes.flatMap((scope) => claimOfScope(scope, target) ?? []),
  );
}

// A claim that the user does not have is left out, not null (OpenID Connect Core section 5.3.2).
function claimsOf(user: User, names: readonly string[]): Record<string, unknown> {
  const all: Record<string, unknown> = {
    ...user.profile,
    name: user.name,
    preferred_username: user.username,
    email: user.email,
    email_verified: user.emailVerified,
  };
  return Object.fromEntries(
    CLAIMS.filter((name) => names.includes(name) && all[name] != null).map((name) => [name, all[name]]),
  );
}
