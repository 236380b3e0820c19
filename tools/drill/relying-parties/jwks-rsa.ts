import jwt from 'jsonwebtoken';
import jwksRsa from 'jwks-rsa';

import { claims } from '../claims.js';
import { factor, milliseconds, relyingPartyDefaults } from '../scale.js';
import { jwksPath } from './relying-party.js';
import type { RelyingParty } from './relying-party.js';

export function jwksRsaParty(issuer: string): RelyingParty {
  const { cacheMaxAge, jwksRequestsPerMinute } = relyingPartyDefaults.jwksRsa;
  const client = jwksRsa({
    jwksUri: new URL(jwksPath, issuer).href,
    cache: true,
    cacheMaxAge: milliseconds(cacheMaxAge),
    rateLimit: true,
    jwksRequestsPerMinute: jwksRequestsPerMinute * factor,
  });
  return {
    name: 'jwks-rsa',
    verify: async (token) => {
      const key = await client.getSigningKey(jwt.decode(token, { complete: true })?.header.kid);
      jwt.verify(token, key.getPublicKey(), { algorithms: ['RS256'], issuer, audience: claims.aud });
    },
  };
}
