import type { Finding, Severity } from './finding.js';

/** What is the same about a finding wherever it is made. */
export interface KindOfFinding {
  /** Where nothing says otherwise. */
  readonly severity: Severity;
  readonly rule: string;
  readonly remedy: string;
}

/** By code. */
export type KindsOfFindings<Code extends string = string> = Readonly<Record<Code, KindOfFinding>>;

/** Makes one finding. */
export type Finder<Code extends string> = (
  code: Code,
  where: string,
  message: string,
  severity?: Severity,
) => Finding;

export function finderOf<Code extends string>(kinds: KindsOfFindings<Code>): Finder<Code> {
  return (code, where, message, severity) => {
    const { rule, remedy, severity: usual } = kinds[code];
    return { severity: severity ?? usual, code, where, message, remedy, rule };
  };
}

/** Several answers may have one fault: one finding of each code at each place. */
export function oncePerPlace(findings: readonly Finding[]): readonly Finding[] {
  const known = new Set<string>();
  return findings.filter(({ code, where, message }) => {
    // A key may be like several others; of headers one value stands for all.
    const place = JSON.stringify(where.includes(' header ') ? [code, where] : [code, where, message]);
    const isNew = !known.has(place);
    known.add(place);
    return isNew;
  });
}

const mostCharacters = 60;

/** A value of somebody else's document, as a message may show it. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}

export function listOf(names: readonly string[]): string {
  const most = 20;
  const shown = names.slice(0, most).map((name) => name.slice(0, mostCharacters));
  const rest = names.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
