import * as openid from 'openid-client';

import { claims } from '../claims.js';
import { factor } from '../scale.js';
import { jwksPath } from './relying-party.js';
import type { RelyingParty } from './relying-party.js';

/**
 * A client of the implicit flow, in which openid-client always checks the signature of an ID token.
 *
 * The ages at which it downloads the JWKS again are no option. But it can be handed a cache from elsewhere, with the
 * time of its download, and here that time recedes as fast as the drill's time passes.
 */
export function openidClientParty(issuer: string): RelyingParty {
  const metadata = { issuer, jwks_uri: new URL(jwksPath, issuer).href };
  let cache: { jwks: openid.ExportedJWKSCache['jwks']; downloadedAt: number } | undefined;

  const agedCache = (): openid.ExportedJWKSCache | undefined => {
    if (!cache) return undefined;
    const age = ((Date.now() - cache.downloadedAt) / 1000) * factor;
    return { jwks: cache.jwks, uat: Math.floor(Date.now() / 1000 - age) };
  };

  return {
    name: 'openid-client',
    verify: async (token) => {
      // A configuration remembers what it has downloaded, so each check gets one that knows the aged cache only.
      const client = new openid.Configuration(metadata, claims.aud);
      openid.useIdTokenResponseType(client);
      openid.allowInsecureRequests(client);
      const aged = agedCache();
      if (aged) openid.setJwksCache(client, aged);
      try {
        const redirected = new URL(`http://127.0.0.1/callback#id_token=${token}`);
        await openid.implicitAuthentication(client, redirected, claims.nonce);
      } finally {
        const used = openid.getJwksCache(client);
        if (used && used.uat !== aged?.uat) cache = { jwks: used.jwks, downloadedAt: Date.now() };
      }
    },
  };
}
