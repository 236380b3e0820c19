import type { TimingOptions } from '../../rotation/timing.js';
import { timeSettings } from '../../sources/setting-names.js';
import type { Finding } from '../finding.js';
import { found } from './kinds-of-environment.js';

const hour = 3600;
const day = 24 * hour;

/**
 * Whether the times suit what relying parties do, and the tokens that the application makes.
 *
 * @param longestToken the lifetime of the longest-lived token that is signed, in seconds, where somebody said it
 */
export function timingFindings(
  { jwksMaxAge, keyRetention, clockSkew }: Omit<TimingOptions, 'keySpread'>,
  prefix: string,
  longestToken: number | undefined,
): Finding[] {
  const nameOf = (time: keyof typeof timeSettings) => prefix + timeSettings[time];
  const findings: Finding[] = [];
  if (longestToken !== undefined && longestToken > keyRetention) {
    const message = `A key stays published for ${keyRetention} s after it stopped signing, and a token lives for ${longestToken} s: its last tokens could not be verified to their end.`;
    findings.push(found('RETENTION_SHORTER_THAN_TOKENS', nameOf('keyRetention'), message));
  }
  if (jwksMaxAge < hour) {
    const message = `Relying parties may keep the JWKS for ${jwksMaxAge} s, and @hapi/jwt keeps it for an hour, whatever it is told: a key could sign before that one knows it.`;
    findings.push(found('MAX_AGE_BELOW_AN_HOUR', nameOf('jwksMaxAge'), message));
  }
  if (jwksMaxAge > day) {
    const message = `Relying parties may keep the JWKS for ${jwksMaxAge} s, and go on to accept a key that was revoked for as long.`;
    findings.push(found('MAX_AGE_ABOVE_A_DAY', nameOf('jwksMaxAge'), message));
  }
  if (clockSkew === 0) {
    const message =
      'No difference between clocks is allowed for: a key may sign before the slowest replica publishes it.';
    findings.push(found('NO_CLOCK_SKEW', nameOf('clockSkew'), message));
  }
  return findings;
}
