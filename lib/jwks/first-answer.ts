import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Calls `foreign` with the status of the first answer at this path that did not come from the JWKS route: what answers
 * before any route is asked (a middleware, a hook, a folder of static files) cannot be known before. Listens until the
 * route has answered once.
 *
 * @param hasAnswered whether the route has
 */
export function watchFirstAnswer(
  server: Pick<Server, 'on' | 'off'>,
  path: string,
  hasAnswered: () => boolean,
  foreign: (status: number) => void,
): void {
  const listen = (request: IncomingMessage, response: ServerResponse) => {
    // Express takes a part of the path away while it asks what is mounted there.
    const { originalUrl = request.url } = request as { originalUrl?: string };
    const isAtPath = originalUrl?.split('?', 1)[0] === path && ['GET', 'HEAD'].includes(request.method ?? '');
    if (isAtPath) response.once('finish', () => judge(response.statusCode));
  };
  let isOver = false;
  const judge = (status: number) => {
    // A guard may refuse before the route is asked, and a redirect to https comes back.
    const isForeign = !hasAnswered() && status >= 200 && status < 300;
    if (isOver || (!hasAnswered() && !isForeign)) return;
    isOver = true;
    server.off('request', listen);
    if (isForeign) foreign(status);
  };
  server.on('request', listen);
}
