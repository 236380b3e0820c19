/** Each scope this server knows, with what the consent page says about it. */
export const SCOPES: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know who you are'],
  ['profile', 'See your name and user name'],
  ['email', 'See your email address'],
  ['api', 'Use the sample API'],
]);

/** The scopes that speak of a user, and so mean nothing when a client acts for itself. */
export const USER_SCOPES: readonly string[] = ['openid', 'profile', 'email'];
