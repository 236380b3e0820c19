import { isJwksRoute, isOfController, nameOf } from './route-marker.js';

/** The parts of Express's router, and of those in it, that say what is asked in which order. */
interface Layer {
  readonly handle?: unknown;
  readonly method?: string | undefined;
  readonly path?: unknown;
  readonly route?: {
    readonly path?: unknown;
    readonly stack?: readonly Layer[];
  };
  match?(path: string): unknown;
}

/** A route that is asked before the JWKS route, as messages call it. */
export interface EarlierRoute {
  readonly path: string;
  readonly handler: string;
}

/**
 * The first route of an Express application that answers GET at this path before the JWKS route does. Undefined where
 * there is none, or where the application is built otherwise than is known here.
 *
 * @param controllersPassOn whether a handler of a controller may leave the request to the next one
 */
export function earlierRouteOf(
  application: unknown,
  path: string,
  controllersPassOn: boolean,
): EarlierRoute | undefined {
  const router = (application as { router?: unknown } | undefined)?.router;
  const routes = [...routesAt(router, path)];
  const ours = routes.findIndex(({ handler }) => isJwksRoute(handler));
  const first = routes.slice(0, Math.max(ours, 0)).find(({ handler }) => answers(handler, controllersPassOn));
  return first && { path: first.path, handler: nameOf(first.handler) };
}

interface Route {
  readonly path: string;
  readonly handler: unknown;
}

function* routesAt(router: unknown, path: string): Generator<Route> {
  for (const layer of layersOf(router)) {
    const rest = restOf(layer, path);
    if (rest === undefined) continue;
    if (layer.route) yield* routesOf(layer.route);
    else yield* routesAt(layer.handle, rest);
  }
}

function* routesOf({ path, stack = [] }: NonNullable<Layer['route']>): Generator<Route> {
  const last = stack.findLast(({ method }) => method === undefined || method === 'get');
  if (last) yield { path: String(path), handler: last.handle };
}

/** Nest puts middleware into routes too: what can pass a request on, and is of no controller, may do so. */
function answers(handler: unknown, controllersPassOn: boolean): boolean {
  if (typeof handler !== 'function') return false;
  return isOfController(handler) ? !controllersPassOn : handler.length < 3;
}

/** What of the path is left to a router that is mounted here; undefined where the path is another. */
function restOf(layer: Layer, path: string): string | undefined {
  const match = layer.match?.(path);
  if (!match) return undefined;
  // Older routers keep what was matched on the layer.
  const { path: matched } = (match === true ? layer : match) as { path?: unknown };
  const rest = typeof matched === 'string' ? path.slice(matched.length) : path;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function layersOf(router: unknown): readonly Layer[] {
  const { stack } = (router ?? {}) as { stack?: unknown };
  return Array.isArray(stack) ? (stack as Layer[]) : [];
}
