import type { User } from '../users/user.repository.js';

/** The claims that each scope asks for (OpenID Connect Core section 5.4). */
export function userInfoClaims(user: User, scopes: readonly string[]): Record<string, unknown> {
  return {
    ...(scopes.includes('profile') && { name: user.name, preferred_username: user.username }),
    ...(scopes.includes('email') && { email: user.email, email_verified: user.emailVerified }),
    // Last, because it must be the `sub` of the ID token whatever else is added above.
    sub: user.id,
  };
}
