// Everything is in memory: a restart forgets it, and a second process does not know it. Put your database here.
import { randomUUID } from 'node:crypto';

import { OAuthException } from '@jmondi/oauth2-server';
import type * as oauth from '@jmondi/oauth2-server';

const none = { redirectUris: [], scopes: [] };
const redirectUris = ['http://localhost:4000/callback'];
const registered: oauth.OAuthClient[] = [
  { id: 'service', name: 'Service', secret: 'a-secret', allowedGrants: ['client_credentials'], ...none },
  { id: 'app', name: 'App', allowedGrants: ['authorization_code', 'refresh_token'], ...none, redirectUris },
];
export const alice: oauth.OAuthUser = { id: 'alice' };
const issuedTokens = new Map<string, oauth.OAuthToken>();
const issuedCodes = new Map<string, oauth.OAuthAuthCode>();
const spent = new Set<string>();

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
const found = <Row>(row: Row | undefined): Row => {
  if (row === undefined) throw OAuthException.badRequest('unknown');
  return row;
};
/** Of two requests at the same moment, one spends it and the other one fails. */
const spend = async (id: string) => {
  if (spent.has(id)) throw OAuthException.badRequest('used already');
  spent.add(id);
};

export const clients: oauth.OAuthClientRepository = {
  getByIdentifier: async (id) => found(registered.find((client) => client.id === id)),
  isClientValid: async (grant, each, secret) => each.allowedGrants.includes(grant) && each.secret === secret,
};
export const scopes: oauth.OAuthScopeRepository = {
  getAllByIdentifiers: async (names) => names.map((name) => ({ name })),
  finalize: async (asked) => asked,
};
export const users: oauth.OAuthUserRepository = {
  getUserByCredentials: async (id) => found(id === alice.id ? alice : undefined),
};
export const tokens: oauth.OAuthTokenRepository = {
  issueToken: async (client, granted, user) => {
    const accessTokenExpiresAt = inSeconds(3600);
    return { accessToken: randomUUID(), accessTokenExpiresAt, client, scopes: granted, user };
  },
  issueRefreshToken: async (token) =>
    Object.assign(token, { refreshToken: randomUUID(), refreshTokenExpiresAt: inSeconds(30 * 24 * 3600) }),
  persist: async (token) => void issuedTokens.set(token.accessToken, token),
  revoke: ({ accessToken }) => spend(accessToken),
  isRefreshTokenRevoked: async ({ accessToken }) => spent.has(accessToken),
  getByRefreshToken: async (id) => found([...issuedTokens.values()].find((each) => each.refreshToken === id)),
};
export const codes: oauth.OAuthAuthCodeRepository = {
  issueAuthCode: (client, user, granted) => {
    const expiresAt = inSeconds(60);
    return { code: randomUUID(), expiresAt, client, user, scopes: granted };
  },
  persist: async (code) => void issuedCodes.set(code.code, code),
  getByIdentifier: async (code) => found(issuedCodes.get(code)),
  isRevoked: async (code) => spent.has(code),
  revoke: spend,
};
