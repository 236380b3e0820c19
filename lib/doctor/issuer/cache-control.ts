import type { IncomingHttpHeaders } from 'node:http';

/** The directives of `Cache-Control`, in small letters (RFC 9111 section 5.2). */
export type Directives = ReadonlyMap<string, string | undefined>;

export function directivesOf({ 'cache-control': header = '' }: IncomingHttpHeaders): Directives {
  const parts = header.split(',').map((part) => part.trim());
  const directives = new Map<string, string | undefined>();
  for (const part of parts.filter((each) => each !== '')) {
    const [first = '', second] = part.split('=', 2);
    const name = first.trim().toLowerCase();
    const value = second?.trim().replaceAll('"', '');
    // Where one stands twice, caches differ: the longest time is what nothing outlasts.
    const earlier = secondsOf(directives.get(name));
    if (earlier === undefined || (secondsOf(value) ?? 0) > earlier) directives.set(name, value);
  }
  return directives;
}

/** RFC 9111 section 1.2.2: what a cache makes of a greater number. */
const mostSeconds = 2 ** 31;

/** Whole seconds; undefined where they are none. */
export function secondsOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), mostSeconds) : undefined;
}

/** How long a shared cache may serve an answer: `s-maxage`, else `max-age`. */
export function sharedLifetimeOf(headers: IncomingHttpHeaders): number | undefined {
  const directives = directivesOf(headers);
  return secondsOf(directives.get('s-maxage')) ?? secondsOf(directives.get('max-age'));
}

/**
 * The longest time for which somebody may go on with an answer, in seconds; 0 where nobody may. A shared cache keeps it for
 * `s-maxage`, and relying parties that got it at the end of that keep it for `max-age`.
 *
 * @param answeredAt where there is no `Date`, in milliseconds since 1970
 */
export function longestLifetimeOf(headers: IncomingHttpHeaders, answeredAt: number): number {
  const directives = directivesOf(headers);
  if (directives.has('no-store')) return 0;
  const stale = Math.max(
    secondsOf(directives.get('stale-while-revalidate')) ?? 0,
    secondsOf(directives.get('stale-if-error')) ?? 0,
  );
  const maxAge = secondsOf(directives.get('max-age'));
  const shared = secondsOf(directives.get('s-maxage'));
  const fresh =
    maxAge === undefined && shared === undefined
      ? untilExpiry(headers, answeredAt)
      : (maxAge ?? 0) + (shared ?? 0);
  return fresh + stale;
}

/** RFC 9111 section 4.2.1: without max-age, `Expires` less `Date`. */
function untilExpiry({ expires = '', date = '' }: IncomingHttpHeaders, answeredAt: number): number {
  const from = Date.parse(date);
  const seconds = (Date.parse(expires) - (Number.isFinite(from) ? from : answeredAt)) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), mostSeconds) : 0;
}
