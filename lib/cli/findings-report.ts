import type { Finding, Severity } from '../doctor/finding.js';
import { printable } from './report.js';

/** What `doctor` ends with. */
export const doctorExitCodes = { sound: 0, errors: 1, unanswered: 3 } as const;

export function exitCodeOfFindings(findings: readonly Finding[]): number {
  if (findings.some(isStoreUnreachable)) return doctorExitCodes.unanswered;
  return findings.some(({ severity }) => severity === 'error')
    ? doctorExitCodes.errors
    : doctorExitCodes.sound;
}

function isStoreUnreachable({ code, message }: Finding): boolean {
  return code === 'OIDC_KEY_STORE_FAILED' && message.endsWith('(KEY_STORE_UNREACHABLE)');
}

/**
 * One block for each finding, errors first; or one JSON object.
 *
 * @param asked what was asked for, each in one line
 */
export function findingsText(
  subject: string,
  findings: readonly Finding[],
  asked: readonly string[] = [],
): string {
  const lines = [
    `${subject}: ${countsOf(findings)}`,
    ...new Set(asked.map((each) => `  asked: ${each}`)),
    ...findings.flatMap(linesOf),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** A document of somebody else may hold what a terminal obeys: nothing but ASCII goes out. */
export function safeJson(value: unknown): string {
  const escaped = JSON.stringify(value, null, 2).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${escaped}\n`;
}

function linesOf({ severity, code, where, message, remedy, rule }: Finding): readonly string[] {
  return ['', `${severity} ${code}: ${where}`, `  ${message}`, `  Do: ${remedy}`, `  Rule: ${rule}`];
}

function countsOf(findings: readonly Finding[]): string {
  const counted = (severity: Severity) => {
    const count = findings.filter((each) => each.severity === severity).length;
    return `${count} ${severity}${count === 1 ? '' : 's'}`;
  };
  return `${counted('error')}, ${counted('warning')}, ${counted('note')}`;
}
