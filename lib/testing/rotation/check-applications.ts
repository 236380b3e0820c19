import { isPromise } from 'node:util/types';

import { hasMethods, invalidOption } from '../../options/given-options.js';

/**
 * Whoever tests no application, or something else than one, would be told of it by whatever breaks first.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function checkApplications(apps: readonly unknown[], owner: string): void {
  if (apps.length === 0) {
    throw invalidOption(
      `${owner} was given no application. Give it one, or several that are replicas of one.`,
    );
  }
  for (const [index, app] of apps.entries()) {
    if (hasMethods(app, ['get', 'getHttpServer', 'listen'])) continue;
    const which = apps.length === 1 ? 'The application' : `Application ${index + 1}`;
    const defect = isPromise(app)
      ? 'is a promise: await it first'
      : 'is none: give it what `createNestApplication()` of a testing module makes';
    throw invalidOption(`${which} that ${owner} was given ${defect}.`);
  }
}
