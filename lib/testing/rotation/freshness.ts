/** For how long a cache may keep an answer, in seconds (RFC 9111 section 4.2): `s-maxage` is for those between. */
export function freshnessOf({ headers }: Response): number {
  const directives = directivesIn(headers.get('cache-control') ?? '');
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const seconds = (name: string) => Number(directives.get(name) ?? 0) || 0;
  const lifetime = Math.max(seconds('max-age'), seconds('s-maxage')) + seconds('stale-while-revalidate');
  return Math.max(0, lifetime - (Number(headers.get('age') ?? 0) || 0));
}

function directivesIn(header: string): ReadonlyMap<string, string> {
  const parts = header
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split('='));
  return new Map(parts.map(([name = '', value = '']) => [name, value.replaceAll('"', '')]));
}
