import { OidcKeyError } from '../core/errors.js';
import { isJwksRoute, nameOf } from './route-marker.js';

/** A route as Fastify's hook is told of it. */
interface RouteOptions {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly handler?: unknown;
  readonly constraints?: object;
}

/** The parts of a Fastify application that say which routes it has. */
interface FastifyInstance {
  hasRoute(route: { method: string; url: string }): boolean;
  addHook(name: 'onRoute', hook: (route: RouteOptions) => void): unknown;
}

/**
 * Fastify takes one handler for a path, and says of a second only that it is one too many. This says which two they are
 * and what to do, from now on and of what was registered already.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, also from what registers the second handler
 */
export function refuseSecondRoute(instance: FastifyInstance, path: string): void {
  if (instance.hasRoute({ method: 'GET', url: path })) throw taken(path, nameOf(undefined));
  const seen: unknown[] = [];
  instance.addHook('onRoute', ({ method, url, handler, constraints = {} }) => {
    const isAtPath = url === path && [method].flat().includes('GET');
    // Routes of a version or host stand beside those of none.
    if (!isAtPath || Object.keys(constraints).length > 0) return;
    seen.push(handler);
    if (seen.length > 1 && seen.some(isJwksRoute)) {
      throw taken(path, nameOf(seen.find((each) => !isJwksRoute(each))));
    }
  });
}

function taken(path: string, handler: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The JWKS route of OidcKeyModule and ${handler} are both at ${path}, and Fastify takes one. Remove the other one, ` +
      'or give this one another path (`jwks: { path }`) or none (`jwks: false`).',
  );
}
