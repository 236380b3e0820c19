import { bySeverity, defectOfIssuer, observeIssuer, reportOf } from '../doctor/issuer/diagnose-issuer.js';
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
}

/** Looks at an issuer, and says what it finds; with keys that wait, of these and of nothing else. */
export async function diagnose(issuer: string, options: DiagnoseOptions): Promise<void> {
  const { resolve, ca, jwksUri, json, prefixOfNextKeys: prefix } = options;
  const defect = defectOfIssuer(issuer);
  if (defect !== undefined) throw new UsageError('ISSUER_MALFORMED', `--issuer ${defect}.`);
  const defectOfJwks = jwksUri === undefined ? undefined : defectOfAddress(jwksUri);
  if (defectOfJwks !== undefined) throw new UsageError('JWKS_MALFORMED', `--jwks ${defectOfJwks}.`);
  const boot = prefix === undefined ? undefined : await bootOf(prefix);
  const seen = await observeIssuer(issuer, { resolve, ca, jwksUri });
  const { findings, answered, asked } = await reportOf(seen);
  const next = boot && nextKeysIn(boot, seen);
  const shown = next ? bySeverity([...next.findings, ...findings.filter(keepsOneFromSeeing)]) : findings;
  const report = { issuer, answered, asked, ...(next && { keys: next.keys }), findings: shown };
  process.stdout.write(json ? safeJson(report) : findingsText(issuer, shown));
  process.exitCode = answered ? exitCodeOfFindings(shown) : doctorExitCodes.unanswered;
}

/** Beside the answer of each key, why the JWKS cannot be seen. */
function keepsOneFromSeeing({ severity, where }: { severity: string; where: string }): boolean {
  return severity === 'error' && (where === 'jwks' || where === 'discovery');
}

async function bootOf(prefix: string): Promise<RehearsedBoot> {
  const boot = await rehearseBoot(await readEnvironment(), prefix, (each) => each);
  for (const warning of boot.warnings)
    process.stderr.write(`warning: ${warning}${/[.?]$/.test(warning) ? '' : '.'}\n`);
  return boot;
}

function nextKeysIn({ view, loaded, now, timing }: RehearsedBoot, { jwks }: Observation): NextKeysReport {
  const keys = view.keys
    .filter(({ slot }) => slot === 'next')
    .map(({ key: { kid, publicJwk } }) => ({ publicJwk, ...instantsOf(kid, { view, loaded, now }) }));
  return nextKeys({ keys, jwks, figures: timing.figures, now: Date.now() });
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
