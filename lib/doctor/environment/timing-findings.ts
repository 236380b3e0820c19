import type { Figures } from '../../core/key-set/figures.js';
import { timeSettings } from '../../sources/setting-names.js';
import type { Finding } from '../finding.js';

const hour = 3600;
const day = 24 * hour;

/**
 * Whether the times suit what relying parties do, and the tokens that the application makes.
 *
 * @param longestToken the lifetime of the longest-lived token that is signed, in seconds, where somebody said it
 */
export function timingFindings(
  { jwksMaxAge, keyRetention, clockSkew }: Omit<Figures, 'propagationFloor'>,
  prefix: string,
  longestToken: number | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (longestToken !== undefined && longestToken > keyRetention) {
    findings.push({
      severity: 'error',
      code: 'RETENTION_SHORTER_THAN_TOKENS',
      where: prefix + timeSettings.keyRetention,
      message: `A key stays published for ${keyRetention} s after it stopped signing, and a token lives for ${longestToken} s: its last tokens could not be verified to their end.`,
      remedy: `Set ${prefix}${timeSettings.keyRetention} to ${longestToken} or more, before the next rotation.`,
      rule: 'OpenID Connect Core 1.0 section 10.1.1',
    });
  }
  if (jwksMaxAge < hour) {
    findings.push({
      severity: 'warning',
      code: 'MAX_AGE_BELOW_AN_HOUR',
      where: prefix + timeSettings.jwksMaxAge,
      message: `Relying parties may keep the JWKS for ${jwksMaxAge} s, and @hapi/jwt keeps it for an hour, whatever it is told: a key could sign before that one knows it.`,
      remedy: `Set ${prefix}${timeSettings.jwksMaxAge} to ${hour}, unless no relying party of this issuer does that.`,
      rule: 'what relying parties do, docs/relying-parties.md',
    });
  }
  if (jwksMaxAge > day) {
    findings.push({
      severity: 'warning',
      code: 'MAX_AGE_ABOVE_A_DAY',
      where: prefix + timeSettings.jwksMaxAge,
      message: `Relying parties may keep the JWKS for ${jwksMaxAge} s, and go on to accept a key that was revoked for as long.`,
      remedy: `Set ${prefix}${timeSettings.jwksMaxAge} to ${day} or less.`,
      rule: 'RFC 9111 section 5.2.2.1',
    });
  }
  if (clockSkew === 0) {
    findings.push({
      severity: 'warning',
      code: 'NO_CLOCK_SKEW',
      where: prefix + timeSettings.clockSkew,
      message:
        'No difference between clocks is allowed for: a token that another server has just made may not be valid yet here.',
      remedy: `Set ${prefix}${timeSettings.clockSkew} to 60, or remove it.`,
      rule: 'RFC 7519 section 4.1.4',
    });
  }
  return findings;
}
