/** What every token of the drill says. A nonce makes it an ID token that openid-client accepts. */
export const claims = { sub: 'alice', aud: 'drill', nonce: 'the-nonce-of-the-drill' };
