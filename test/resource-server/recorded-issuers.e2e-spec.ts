import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessTokenVerifier, OidcTokenError, ResourceServerModule } from 'nestjs-oidc-key/resource-server';

import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { algorithmOf, recordedSets, verifiesTokens } from '../support/recordings.js';
import type { RecordedJwk } from '../support/recordings.js';
import { forge } from '../support/tokens.js';
import { closeIssuers, startServer } from './issuer-of-keys.js';

const issuer = 'https://login.example';
const stranger = makeRsaKey();
const [[, adapter]] = platforms as [(typeof platforms)[0]];

/** Of the providers of docs/providers.md that were recorded as they run. */
const sets = recordedSets.filter(({ file }) =>
  /^(keycloak|dex|hydra|spring-authorization-server|zitadel-oidc)-/.test(file),
);

if (sets.length > 0) {
  describe('keys that running issuers published, given to the guard as they are', () => {
    afterEach(async () => {
      await closeAll();
      await closeIssuers();
    });

    it.each(sets)('$file', async ({ body, contentType, keys: jwks }) => {
      const jwksUri = await startServer((_, response) =>
        response.setHeader('content-type', contentType).end(body),
      );
      const logger = new RecordingLogger();
      const module = ResourceServerModule.forRoot({ issuer, audience: 'orders', jwksUri });
      const { app } = await boot(adapter(), { imports: [module] }, undefined, logger);
      const verifier = app.get(AccessTokenVerifier, { strict: false });
      const refusalOf = async (header: object) => {
        const token = forge(stranger, { typ: 'at+jwt', ...header }, { iss: issuer, aud: 'orders' });
        const error: unknown = await verifier.verify(token).catch((reason: unknown) => reason);
        return error instanceof OidcTokenError ? error.code : error;
      };
      const refusalsOf = async (jwk: RecordedJwk) => [
        await refusalOf({ kid: jwk.kid, alg: algorithmOf(jwk) }),
        await refusalOf({ kid: jwk.kid, alg: jwk.kty === 'RSA' ? 'ES256' : 'RS256' }),
      ];

      const usable = jwks.filter(verifiesTokens);
      expect(usable.length).toBeGreaterThan(0);
      for (const jwk of usable) {
        // The key is known, since another algorithm than its own is what is wrong with the second.
        expect([jwk.kid, ...(await refusalsOf(jwk))]).toEqual([
          jwk.kid,
          'OIDC_TOKEN_INVALID_SIGNATURE',
          'OIDC_TOKEN_INVALID_ALGORITHM',
        ]);
      }
      for (const jwk of jwks.filter((each) => !verifiesTokens(each))) {
        expect([jwk.kid, await refusalOf({ kid: jwk.kid, alg: 'RS256' })]).toEqual([
          jwk.kid,
          'OIDC_TOKEN_INVALID_SIGNATURE',
        ]);
      }
      expect(await refusalOf({ kid: 'unknown', alg: 'ES256' })).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      expect(logger.lines.filter((line) => JSON.stringify(line).includes(jwksUri))).toEqual([]);
    });
  });
} else {
  it.skip('keys that running issuers published (skipped: the recordings are not beside the repository)', () =>
    undefined);
}
