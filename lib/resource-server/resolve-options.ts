import type { ExecutionContext } from '@nestjs/common';

import { OidcKeyError } from '../core/errors.js';
import { isSameAddress } from '../network/addresses.js';
import { invalid, plain, refuseUnknown } from './option-values.js';
import type { Given } from './option-values.js';
import { beside, namesOfIssuer, resolveIssuer } from './resolve-issuer.js';
import type { ResolvedIssuer } from './resolve-issuer.js';
import type { ResourceServerOptions } from './resource-server.options.js';

/** What the guard is made from. */
export interface ResolvedResourceServerOptions {
  readonly issuers: readonly ResolvedIssuer[];
  readonly getToken: ((context: ExecutionContext) => unknown) | undefined;
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function resolveResourceServerOptions(options: ResourceServerOptions): ResolvedResourceServerOptions {
  if (options === undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      'The options of ResourceServerModule are undefined: the factory of forRootAsync returned nothing.',
    );
  }
  const { getToken, ...rest } = plain(options, 'ResourceServerModule');
  if (getToken !== undefined && typeof getToken !== 'function') {
    throw invalid('getToken', 'has to be a function that takes the execution context');
  }
  return { issuers: issuersOf(rest), getToken: getToken as ResolvedResourceServerOptions['getToken'] };
}

function issuersOf(given: Given): readonly ResolvedIssuer[] {
  if (given.issuers === undefined) {
    const { issuers: _, ...issuer } = given;
    return [resolveIssuer(issuer, (name) => name, true)];
  }
  const stray = Object.keys(given).find((name) => name in namesOfIssuer);
  if (stray !== undefined) throw invalid(stray, 'stands beside "issuers". Move it into the list');
  refuseUnknown(given, beside, (name) => name);
  const { issuers } = given;
  if (!Array.isArray(issuers) || issuers.length === 0) {
    throw invalid('issuers', 'has to be a list of issuers, each with its "issuer" and "audience"');
  }
  const resolved = (issuers as unknown[]).map((each, index) =>
    resolveIssuer(plain(each, `"issuers[${index}]"`), (name) => `issuers[${index}].${name}`),
  );
  for (const [index, { issuer }] of resolved.entries()) {
    const other = resolved.findIndex((each) => isSameAddress(each.issuer, issuer));
    if (other < index) {
      throw invalid(
        `issuers[${index}].issuer`,
        `is the address of issuers[${other}] too. Make one of the two`,
      );
    }
  }
  return resolved;
}
