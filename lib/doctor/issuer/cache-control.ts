import type { IncomingHttpHeaders } from 'node:http';

/** The directives of `Cache-Control`, in small letters (RFC 9111 section 5.2). */
export type Directives = ReadonlyMap<string, string | undefined>;

export function directivesOf({ 'cache-control': header = '' }: IncomingHttpHeaders): Directives {
  const parts = header.split(',').map((part) => part.trim());
  return new Map(
    parts
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value] = part.split('=', 2);
        return [name.trim().toLowerCase(), value?.trim().replaceAll('"', '')] as const;
      }),
  );
}

/** Whole seconds; undefined where they are none. */
export function secondsOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

/** How long a shared cache may serve an answer: `s-maxage`, else `max-age`. */
export function sharedLifetimeOf(headers: IncomingHttpHeaders): number | undefined {
  const directives = directivesOf(headers);
  return secondsOf(directives.get('s-maxage')) ?? secondsOf(directives.get('max-age'));
}

/** The longest time for which somebody may go on with an answer, in seconds; 0 where nobody may. */
export function longestLifetimeOf(headers: IncomingHttpHeaders): number {
  const directives = directivesOf(headers);
  if (directives.has('no-store')) return 0;
  const stale = Math.max(
    secondsOf(directives.get('stale-while-revalidate')) ?? 0,
    secondsOf(directives.get('stale-if-error')) ?? 0,
  );
  const fresh = Math.max(
    secondsOf(directives.get('max-age')) ?? 0,
    secondsOf(directives.get('s-maxage')) ?? 0,
  );
  return fresh + stale;
}
