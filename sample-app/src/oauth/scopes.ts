// Names the scopes that this server knows, and the claims that each of them gives.

/** Each scope, with what the consent page says about it. */
export const SCOPES: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know who you are'],
  ['profile', 'See your name and the rest of your profile'],
  ['email', 'See your email address'],
  ['address', 'See your postal address'],
  ['phone', 'See your phone number'],
  // Every client with the grant refresh_token gets refresh tokens here, with this scope or without. So it changes
  // nothing, but a client that asks for it as OpenID Connect Core section 11 has it finds it granted.
  ['offline_access', 'Stay connected while you are away'],
  ['api', 'Use the sample API'],
]);

/** OpenID Connect Core section 5.4. */
export const CLAIMS_OF_SCOPES: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'profile',
    [
      'name',
      'family_name',
      'given_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'updated_at',
    ],
  ],
  ['email', ['email', 'email_verified']],
  ['address', ['address']],
  ['phone', ['phone_number', 'phone_number_verified']],
]);

export const CLAIMS: readonly string[] = [...CLAIMS_OF_SCOPES.values()].flat();

/** Where a claim can be asked for by its name (OpenID Connect Core section 5.5). */
export type ClaimTarget = 'userinfo' | 'id_token';

/**
 * A claim that is asked for by its name is a scope of its own, `userinfo:name`: so it is shown, remembered, stored
 * and withdrawn like every other. No client can ask for it by that name.
 */
export function scopeOfClaim(target: ClaimTarget, claim: string): string {
  return `${target}:${claim}`;
}

export function claimOfScope(scope: string, target: ClaimTarget): string | undefined {
  const claim = scope.startsWith(`${target}:`) ? scope.slice(target.length + 1) : '';
  return CLAIMS.includes(claim) ? claim : undefined;
}

/** The scope that a client must have to be given this one: for a single claim the scope that the claim is part of. */
export function registeredScopeOf(scope: string): string {
  const claim = claimOfScope(scope, 'userinfo') ?? claimOfScope(scope, 'id_token');
  if (claim === undefined) return scope;
  return [...CLAIMS_OF_SCOPES].find(([, claims]) => claims.includes(claim))?.[0] ?? scope;
}

export function isKnownScope(scope: string): boolean {
  return SCOPES.has(registeredScopeOf(scope));
}

/** The scopes that speak of a user mean nothing when a client acts for itself. */
export function isUserScope(scope: string): boolean {
  return registeredScopeOf(scope) !== 'api';
}

export function describeScope(scope: string): string {
  const claim = claimOfScope(scope, 'userinfo') ?? claimOfScope(scope, 'id_token');
  return SCOPES.get(scope) ?? `See your ${(claim ?? scope).replaceAll('_', ' ')}`;
}
