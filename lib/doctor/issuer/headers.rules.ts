import type { IncomingHttpHeaders } from 'node:http';

import type { Finding } from '../finding.js';
import { finderOf, oncePerPlace, quoted } from '../kinds-of-findings.js';
import { directivesOf, secondsOf, sharedLifetimeOf } from './cache-control.js';
import { headersOf } from './observation.js';
import type { DocumentName, Observation } from './observation.js';

const caching = 'RFC 9111 section';

/** What caches and CDNs make of the answers. */
export const kindsOfHeaders = {
  CACHE_CONTROL_MISSING: {
    severity: 'note',
    rule: `${caching} 4.2.2: a cache may choose a time by itself`,
    remedy: 'Serve Cache-Control: public, max-age=3600 with the JWKS.',
  },
  CACHE_CONTROL_MALFORMED: {
    severity: 'warning',
    rule: `${caching}s 4.2.1 and 5.2: whole seconds; what cannot be read counts as stale`,
    remedy: 'Write whole seconds, as in max-age=3600.',
  },
  CACHE_CONTROL_CONTRADICTS: {
    severity: 'warning',
    rule: `${caching} 4.2.1: with directives that conflict, caches differ in what they do`,
    remedy: 'Say one thing, such as public, max-age=3600.',
  },
  MAX_AGE_TOO_LONG: {
    severity: 'warning',
    rule: 'OpenID Connect Core 1.0 section 10.1.1: the set is asked for again in time; a key that is revoked is trusted until then',
    remedy: 'Lower max-age to an hour, or to a day at most.',
  },
  SERVED_BELOW_AN_HOUR: {
    severity: 'note',
    rule: '@hapi/jwt keeps a set for an hour and never asks for an unknown kid (measured)',
    remedy:
      'With @hapi/jwt among the relying parties, serve max-age=3600 or let a new key wait for an hour at least.',
  },
  NOT_STORED: {
    severity: 'note',
    rule: `${caching} 5.2.2: no-store, no-cache, private and max-age=0 keep CDNs from answering`,
    remedy:
      'Serve Cache-Control: public, max-age=3600 with the JWKS, so that it can be had while the server cannot.',
  },
  SHARED_AGE_LONGER: {
    severity: 'warning',
    rule: `${caching} 5.2.2.10: a CDN keeps the set for s-maxage, and then relying parties keep it for max-age`,
    remedy: 'Lower s-maxage to max-age, or count both into the time that a new key waits.',
  },
  STALE_IS_SERVED: {
    severity: 'note',
    rule: 'RFC 5861 sections 3 and 4: a cache may go on with an older set',
    remedy: 'Count it into the time that a new key waits, and into the time until a revocation is seen.',
  },
  IMMUTABLE: {
    severity: 'warning',
    rule: 'RFC 8246 section 2: caches do not ask again even when told to reload',
    remedy: 'Leave "immutable" out: keys change.',
  },
  AGE_ABOVE_LIFETIME: {
    severity: 'warning',
    rule: `${caching}s 4.2 and 5.1: an answer that is older than its lifetime is stale`,
    remedy: 'Look at the rules of the CDN: it goes on with a set that the server has taken back.',
  },
  AGE_MALFORMED: {
    severity: 'warning',
    rule: `${caching} 5.1: Age is whole seconds`,
    remedy: 'Look at what stands in front of the server.',
  },
  VARIES: {
    severity: 'warning',
    rule: 'RFC 9110 section 12.5.5: a cache keeps a copy for each value, and for * none at all',
    remedy: 'Serve every client the same answer, without Vary on what differs between them.',
  },
  COOKIE: {
    severity: 'warning',
    rule: `${caching} 7.3, RFC 6265: CDNs do not store answers with cookies, or hand the cookie to everybody`,
    remedy: 'Keep sessions away from this path.',
  },
  CORS_MISSING: {
    severity: 'note',
    rule: 'Fetch Standard, CORS protocol: scripts of other sites, such as oidc-client-ts, cannot read the answer',
    remedy: 'Serve Access-Control-Allow-Origin: *, if clients run in browsers.',
  },
  CORS_OF_ONE_SITE: {
    severity: 'warning',
    rule: 'Fetch Standard, CORS protocol and HTTP caches: a cache hands the answer for one site to another',
    remedy: 'Serve Access-Control-Allow-Origin: *, or Vary: Origin beside it.',
  },
} as const;

const found = finderOf(kindsOfHeaders);
const hour = 3600;
const day = 86_400;

export function headersRule({ discovery, jwks }: Observation): readonly Finding[] {
  const findings = [discovery, ...jwks].flatMap((document) => {
    const headers = document && headersOf(document);
    return headers ? aboutHeaders(document.name, headers) : [];
  });
  return oncePerPlace(findings);
}

function aboutHeaders(name: DocumentName, headers: IncomingHttpHeaders): Finding[] {
  const at = (header: string) => `${name} header ${header}`;
  return [
    ...aboutLifetime(name, headers, at('Cache-Control')),
    ...aboutAge(headers, at('Age')),
    ...aboutVary(headers, at('Vary')),
    ...aboutSites(headers, at('Access-Control-Allow-Origin')),
    ...(headers['set-cookie'] ? [found('COOKIE', at('Set-Cookie'), 'The answer sets a cookie.')] : []),
  ];
}

function aboutLifetime(name: DocumentName, headers: IncomingHttpHeaders, where: string): Finding[] {
  const directives = directivesOf(headers);
  const header = headers['cache-control'];
  if (header === undefined) return aboutExpires(name, headers);
  const findings: Finding[] = [];
  const timed = ['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'];
  const bad = timed.filter((each) => directives.has(each) && secondsOf(directives.get(each)) === undefined);
  const misspelt = [...directives.keys()].filter((each) => /^(max_age|maxage|s-max-age|smaxage)$/.test(each));
  if (bad.length > 0 || misspelt.length > 0)
    findings.push(found('CACHE_CONTROL_MALFORMED', where, `It is ${quoted(header)}.`));
  const maxAge = secondsOf(directives.get('max-age'));
  const shared = secondsOf(directives.get('s-maxage'));
  const isNotStored = directives.has('no-store') || directives.has('no-cache') || directives.has('private');
  if (directives.has('public') && (directives.has('private') || directives.has('no-store'))) {
    findings.push(found('CACHE_CONTROL_CONTRADICTS', where, `It is ${quoted(header)}.`));
  } else if (isNotStored || maxAge === 0) {
    if (name === 'jwks') findings.push(found('NOT_STORED', where, `It is ${quoted(header)}.`));
  } else if (maxAge !== undefined) {
    if (Math.max(maxAge, shared ?? 0) > day)
      findings.push(found('MAX_AGE_TOO_LONG', where, `It is ${quoted(header)}.`));
    else if (name === 'jwks' && maxAge < hour)
      findings.push(found('SERVED_BELOW_AN_HOUR', where, `It is ${quoted(header)}.`));
  }
  if (maxAge !== undefined && shared !== undefined && shared > maxAge) {
    findings.push(found('SHARED_AGE_LONGER', where, `It is ${quoted(header)}.`));
  }
  if (directives.has('stale-while-revalidate') || directives.has('stale-if-error')) {
    findings.push(found('STALE_IS_SERVED', where, `It is ${quoted(header)}.`));
  }
  const isSaid = isNotStored || maxAge !== undefined || shared !== undefined;
  if (!isSaid && findings.length === 0) findings.push(...aboutExpires(name, headers));
  if (directives.has('immutable')) findings.push(found('IMMUTABLE', where, `It is ${quoted(header)}.`));
  return findings;
}

function aboutExpires(name: DocumentName, { expires, date }: IncomingHttpHeaders): Finding[] {
  if (expires === undefined) {
    const message = 'The answer does not say for how long it holds.';
    return name === 'jwks' ? [found('CACHE_CONTROL_MISSING', `${name} header Cache-Control`, message)] : [];
  }
  const seconds = (Date.parse(expires) - Date.parse(date ?? '')) / 1000;
  return seconds > day
    ? [found('MAX_AGE_TOO_LONG', `${name} header Expires`, `It is ${quoted(expires)}.`)]
    : [];
}

function aboutAge(headers: IncomingHttpHeaders, where: string): Finding[] {
  const { age } = headers;
  if (age === undefined) return [];
  const seconds = secondsOf(age);
  if (seconds === undefined) return [found('AGE_MALFORMED', where, `It is ${quoted(age)}.`)];
  const lifetime = sharedLifetimeOf(headers);
  return lifetime !== undefined && seconds > lifetime
    ? [found('AGE_ABOVE_LIFETIME', where, `It is ${seconds} s, and the answer holds for ${lifetime} s.`)]
    : [];
}

function aboutVary({ vary = '' }: IncomingHttpHeaders, where: string): Finding[] {
  const names = vary.split(',').map((each) => each.trim().toLowerCase());
  const splitting = names.some((each) => ['*', 'user-agent', 'cookie', 'authorization'].includes(each));
  return splitting ? [found('VARIES', where, `It is ${quoted(vary)}.`)] : [];
}

function aboutSites(headers: IncomingHttpHeaders, where: string): Finding[] {
  const { vary = '', 'access-control-allow-origin': site } = headers;
  const variesByOrigin = /(^|,)\s*origin\s*(,|$)/i.test(vary);
  if (site === undefined) {
    // Some answer with the header only where a script of another site asks.
    return variesByOrigin ? [] : [found('CORS_MISSING', where, 'It is not there.')];
  }
  return site === '*' || variesByOrigin
    ? []
    : [found('CORS_OF_ONE_SITE', where, `It is ${quoted(site)}, without Vary: Origin.`)];
}
