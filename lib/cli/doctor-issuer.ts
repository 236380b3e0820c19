import {
  askedHosts,
  bySeverity,
  defectOfIssuer,
  observeIssuer,
  reportOf,
} from '../doctor/issuer/diagnose-issuer.js';
import { refusedBoot } from '../doctor/environment/refused-boot.js';
import type { AskedDocument } from '../doctor/issuer/diagnose-issuer.js';
import type { Finding } from '../doctor/finding.js';
import { nextKeys } from '../doctor/next/next-keys.js';
import type { NextKey, NextKeysReport } from '../doctor/next/next-keys.js';
import type { Observation } from '../doctor/issuer/observation.js';
import { defectOfAddress } from '../network/addresses.js';
import { rehearseBoot } from '../options/rehearse-boot.js';
import { dateOf } from '../rotation/clock.js';
import type { RehearsedBoot } from '../options/rehearse-boot.js';
import { UsageError } from './command-line-error.js';
import { readEnvironment } from './environment.js';
import { doctorExitCodes, exitCodeOfFindings, findingsText, safeJson } from './findings-report.js';

export interface DiagnoseOptions {
  readonly resolve: Readonly<Record<string, string>>;
  readonly ca: Buffer | undefined;
  /** Where there are no metadata. */
  readonly jwksUri: string | undefined;
  readonly json: boolean;
  /** What the names of the settings begin with, where the keys that wait are asked for. */
  readonly prefixOfNextKeys: string | undefined;
  /** When these were first seen there, in milliseconds since 1970. */
  readonly seenSince: number | undefined;
}

/** Looks at an issuer, and says what it finds; with keys that wait, of these and of nothing else. */
export async function diagnose(issuer: string, options: DiagnoseOptions): Promise<void> {
  const { resolve, ca, jwksUri, json, prefixOfNextKeys: prefix, seenSince } = options;
  const defect = defectOfIssuer(issuer);
  if (defect !== undefined) throw new UsageError('ISSUER_MALFORMED', `--issuer ${defect}.`);
  const defectOfJwks = jwksUri === undefined ? undefined : defectOfAddress(jwksUri);
  if (defectOfJwks !== undefined) throw new UsageError('JWKS_MALFORMED', `--jwks ${defectOfJwks}.`);
  const boot = prefix === undefined ? undefined : await bootOf(prefix, json);
  if (boot && 'code' in boot) {
    // Nothing was asked of the issuer.
    process.stdout.write(safeJson({ issuer, answered: false, asked: [], keys: [], findings: [boot] }));
    process.exitCode = exitCodeOfFindings([boot]);
    return;
  }
  const seen = await observeIssuer(issuer, { resolve, ca, jwksUri });
  refuseUnasked(Object.keys(resolve), askedHosts(seen, jwksUri));
  const { findings, answered, asked } = await reportOf(seen);
  const next = boot && nextKeysIn(boot, seen, seenSince);
  const shown = next ? bySeverity([...next.findings, ...findings.flatMap(againstPromotion)]) : findings;
  const report = { issuer, answered, asked, ...(next && { keys: next.keys }), findings: shown };
  process.stdout.write(json ? safeJson(report) : findingsText(issuer, shown, asked.map(lineOf)));
  process.exitCode = answered ? exitCodeOfFindings(shown) : doctorExitCodes.unanswered;
}

function lineOf({ document, url, status }: AskedDocument): string {
  return url === undefined ? `${document}, which gave no answer` : `${document} ${url} ${status}`;
}

/** Beside the answer of each key, what is wrong with the JWKS, and with the clock by which its times were read. */
function againstPromotion(finding: Finding): Finding[] {
  const { severity, code, where } = finding;
  if (code === 'CLOCK_DIFFERS') return [{ ...finding, severity: 'error' }];
  return severity === 'error' && (where === 'discovery' || /^jwks\b/.test(where)) ? [finding] : [];
}

/** A host that is misspelt must not leave one with the answer of another node. */
function refuseUnasked(hosts: readonly string[], asked: ReadonlySet<string> | undefined): void {
  const unasked = hosts.find((host) => asked && !asked.has(host));
  if (unasked === undefined) return;
  const others = [...asked!].join(', ');
  throw new UsageError(
    'HOST_NOT_ASKED',
    `--resolve names ${unasked}, which was not asked; these were: ${others}. Correct the host, or leave it out.`,
  );
}

async function bootOf(prefix: string, json: boolean): Promise<RehearsedBoot | Finding> {
  try {
    return await rehearsed(prefix);
  } catch (error) {
    // Without --json the command line says it as of every command.
    if (!json) throw error;
    return refusedBoot(error, prefix);
  }
}

async function rehearsed(prefix: string): Promise<RehearsedBoot> {
  const boot = await rehearseBoot(await readEnvironment(), prefix, (each) => each);
  for (const warning of boot.warnings)
    process.stderr.write(`warning: ${warning}${/[.?]$/.test(warning) ? '' : '.'}\n`);
  return boot;
}

function nextKeysIn(
  { view, loaded, now, timing }: RehearsedBoot,
  { jwks }: Observation,
  seenSince: number | undefined,
): NextKeysReport {
  const keys = view.keys
    .filter(({ slot }) => slot === 'next')
    .map(({ key: { kid, publicJwk } }) => ({ publicJwk, ...instantsOf(kid, { view, loaded, now }) }));
  const current = view.keys.filter(({ slot }) => slot === 'current').map(({ key }) => key.publicJwk);
  return nextKeys({ keys, current, jwks, figures: timing.figures, seenSince, now: Date.now() });
}

/** What configuration says of a key: a key set says both instants, slots the second at most. */
function instantsOf(
  kid: string,
  { view, loaded, now }: Pick<RehearsedBoot, 'view' | 'loaded' | 'now'>,
): Pick<NextKey, 'publishedSince' | 'signsFrom'> {
  const ofSet = loaded.keySet?.named(kid);
  if (!ofSet) {
    return {
      publishedSince: undefined,
      signsFrom: loaded.lives.find(({ key }) => key.kid === kid)?.signsFrom,
    };
  }
  const waiting = view.waiting.find(({ key }) => key.kid === kid);
  return {
    publishedSince: ofSet.iat === undefined ? undefined : ofSet.iat * 1000,
    signsFrom: waiting && dateOf(waiting.signsFrom, now).getTime(),
  };
}
