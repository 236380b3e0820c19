import { isIP } from 'node:net';

import { defectOfAddress } from '../../network/addresses.js';
import { isAnswer } from '../../network/answer.js';
import { defectOfAuthorities } from '../../network/authorities.js';
import type { Finding, Severity } from '../finding.js';
import { hasAnswered } from './answers.rules.js';
import { metadataOf } from './observation.js';
import type { Observation, SeenDocument } from './observation.js';
import { observe } from './observe.js';
import { judge } from './rules.js';

/** How an issuer is looked at from outside. */
export interface DiagnoseIssuerOptions {
  /** The IP address to ask for a host, such as that of one node; TLS is still for the name. Default: what DNS says. */
  readonly resolve?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds for each request, redirects included. Default 10,000. */
  readonly deadline?: number | undefined;
  /** How often the JWKS is asked for, so that nodes that differ are seen: 1 to 20. Default 3. */
  readonly requests?: number | undefined;
  /** Certificates of private authorities in PEM, beside those that Node knows. */
  readonly ca?: string | Buffer | undefined;
  /** The address of the JWKS, for an issuer without metadata: then nothing else is asked. */
  readonly jwksUri?: string | undefined;
}

/** What was asked for, and what came of it. */
export interface AskedDocument {
  readonly document: 'discovery' | 'jwks';
  /** The address that answered; undefined where none did. */
  readonly url: string | undefined;
  /** Undefined where there is no answer. */
  readonly status: number | undefined;
}

/** What is to be said of an issuer. */
export interface IssuerReport {
  readonly issuer: string;
  /** False where nothing that was asked has answered. */
  readonly answered: boolean;
  readonly asked: readonly AskedDocument[];
  /** Errors first, then warnings, then notes. */
  readonly findings: readonly Finding[];
}

const usualDeadline = 10_000;
const usualRequests = 3;
const mostRequests = 20;

/**
 * Looks at an issuer from outside, as a relying party does: its metadata (OpenID Connect Discovery 1.0, RFC 8414), its JWKS
 * (RFC 7517), their headers, its clock. It asks over https only (http on this machine), reads 1,000,000 bytes at most, and
 * follows nothing to a private address of another host. Whatever the issuer does is a finding, and nothing is thrown.
 *
 * @throws TypeError where the issuer is no address that can be asked, or an option cannot be applied
 */
export async function diagnoseIssuer(
  issuer: string,
  options: DiagnoseIssuerOptions = {},
): Promise<IssuerReport> {
  return reportOf(await observeIssuer(issuer, options));
}

/** Why an issuer cannot be looked at, in words that go on after its name. */
export function defectOfIssuer(issuer: unknown): string | undefined {
  // RFC 8414 section 2.
  return (
    defectOfAddress(issuer) ??
    (String(issuer).includes('?') ? 'has a query (?) in it; take it out' : undefined)
  );
}

/** The same before anything is said of it. */
export async function observeIssuer(
  issuer: string,
  { resolve = {}, deadline = usualDeadline, requests = usualRequests, ca, jwksUri }: DiagnoseIssuerOptions,
): Promise<Observation> {
  const defect = defectOfIssuer(issuer);
  if (defect !== undefined) throw new TypeError(`The issuer ${defect}.`);
  const addresses = new Map(Object.entries(resolve).map(([host, address]) => [host.toLowerCase(), address]));
  if ([...addresses.values()].some((address) => isIP(address) === 0)) {
    throw new TypeError('An address of "resolve" is no IP address.');
  }
  if (!Number.isInteger(requests) || requests < 1 || requests > mostRequests) {
    throw new TypeError(`"requests" is no whole number from 1 to ${mostRequests}.`);
  }
  if (!Number.isInteger(deadline) || deadline < 1) {
    throw new TypeError('"deadline" is no whole number of milliseconds.');
  }
  const defectOfCa = ca === undefined ? undefined : defectOfAuthorities(ca);
  if (defectOfCa !== undefined) throw new TypeError(`"ca" ${defectOfCa}.`);
  return observe(issuer, { resolve: addresses, deadline, requests, ca, jwksUri });
}

/** The hosts that were asked; undefined where it cannot be known which host has the keys. */
export function askedHosts(seen: Observation, jwksUri: string | undefined): ReadonlySet<string> | undefined {
  const { issuer, discovery, jwks } = seen;
  const named = jwksUri ?? metadataOf(seen)?.jwks_uri;
  if (typeof named !== 'string' || !URL.canParse(named)) return undefined;
  const redirects = [discovery, ...jwks].flatMap((each) => each?.answer.redirects ?? []);
  const asked = [...(jwksUri === undefined ? [new URL(issuer)] : []), new URL(named), ...redirects];
  return new Set(asked.map(({ hostname }) => hostname));
}

/** What is to be said of what was seen. */
export async function reportOf(seen: Observation, more: readonly Finding[] = []): Promise<IssuerReport> {
  const documents = [seen.discovery, ...seen.jwks].filter((each) => each !== undefined);
  return {
    issuer: seen.issuer,
    answered: hasAnswered(seen),
    asked: documents.map(askedOf),
    findings: bySeverity([...more, ...fewOfEach(await judge(seen))]),
  };
}

function askedOf({ name, answer }: SeenDocument): AskedDocument {
  return isAnswer(answer)
    ? { document: name, url: answer.url.href, status: answer.status }
    : { document: name, url: undefined, status: undefined };
}

const mostOfEach = 20;

/** A set may have one fault a hundred thousand times. */
function fewOfEach(findings: readonly Finding[]): readonly Finding[] {
  const counts = new Map<string, number>();
  const kept = findings.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= mostOfEach;
  });
  const last = new Map(kept.map((each) => [each.code, each]));
  return kept.map((each) => {
    const more = last.get(each.code) === each ? counts.get(each.code)! - mostOfEach : 0;
    return more > 0 ? { ...each, message: `${each.message} So it is at ${more} more places.` } : each;
  });
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return order.flatMap((severity) => findings.filter((each) => each.severity === severity));
}
