import { createRemoteJWKSet, jwtVerify } from 'jose';

import { claims } from '../claims.js';
import { milliseconds, relyingPartyDefaults } from '../scale.js';
import { jwksPath } from './relying-party.js';
import type { RelyingParty } from './relying-party.js';

export function joseParty(issuer: string): RelyingParty {
  const { cacheMaxAge, cooldownDuration } = relyingPartyDefaults.jose;
  const keys = createRemoteJWKSet(new URL(jwksPath, issuer), {
    cacheMaxAge: milliseconds(cacheMaxAge),
    cooldownDuration: milliseconds(cooldownDuration),
    // The others wait as long by default. What a busy machine takes is not scaled.
    timeoutDuration: 30_000,
  });
  return {
    name: 'jose',
    verify: async (token) => {
      await jwtVerify(token, keys, { issuer, audience: claims.aud });
    },
  };
}
