/**
 * How much a finding weighs. An `error` breaks a standard's MUST, or relying parties, or the boot. A `warning` works
 * today and is a risk, or breaks a SHOULD. A `note` is worth knowing and needs nobody to act.
 */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that a check found. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, in capitals, such as `ISSUER_DIFFERS`. */
  readonly code: string;
  /** What it is about: a member such as `discovery.issuer` or `jwks.keys[1].kid`, a header, a setting, a file. */
  readonly where: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly remedy: string;
  /** Who says so: a standard with its section, the limit of a vendor, the behaviour of relying parties. */
  readonly rule: string;
}
