/** Signs one access token, and verifies it. */
export interface Contender {
  readonly name: string;
  readonly sign: () => unknown;
  readonly verify: (() => unknown) | undefined;
}

/** What an access token of @jmondi/oauth2-server holds. */
export const payload = {
  iss: 'https://issuer.example',
  aud: 'https://api.example',
  sub: '5f0c6a7e-3c1b-4c6e-9d4e-0b6f2d1f7a11',
  client_id: '0a4f1d1e-8f6b-4b0a-9a5e-7d6c5b4a3f2e',
  cid: 'web',
  scope: 'openid profile email',
  jti: '9b2f0c57-2a61-4a35-8d15-3f1f9c1d2e3f',
  exp: 4_000_000_000,
};
