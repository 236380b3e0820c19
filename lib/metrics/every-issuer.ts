import type { ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from '../core/errors.js';
import { KeyMetrics } from './key-metrics.js';

/**
 * What is measured of every issuer of an application, whichever module it is in.
 *
 * @param reader how messages call whoever asks
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function everyIssuer(modules: ModulesContainer, reader: string): readonly KeyMetrics[] {
  const found = [...modules.values()].flatMap(
    ({ providers }) => (providers.get(KeyMetrics)?.instance as KeyMetrics | null | undefined) ?? [],
  );
  if (found.length === 0) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      `${reader} finds no OidcKeyModule in this application, and so nothing to measure. Import OidcKeyModule, or leave ` +
        `${reader} out.`,
    );
  }
  const names = found.map(({ issuer }) => issuer);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return found;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${reader} would count two issuers as one, since both OidcKeyModules have the name "${twice}". Give one of them ` +
      'an `issuerName` of its own.',
  );
}
