import { isAnswer } from '../../network/answer.js';
import type { Finding } from '../finding.js';
import { finderOf, oncePerPlace, quoted } from '../kinds-of-findings.js';
import { secondsOf } from './cache-control.js';
import type { Observation, SeenDocument } from './observation.js';

/** What the clock of the server shows beside ours. */
export const kindsOfClock = {
  CLOCK_AHEAD: {
    severity: 'error',
    rule: 'RFC 7519 sections 4.1.5 and 4.1.6: tokens whose nbf or iat is to come are refused; Amazon Cognito allows 5 minutes, most libraries none',
    remedy: 'Set the clock of the server by NTP, and that of this machine.',
  },
  CLOCK_DIFFERS: {
    severity: 'warning',
    rule: 'RFC 7519 section 4.1.4: a small leeway, usually no more than a few minutes',
    remedy:
      'Set the clock of the server by NTP, and that of this machine; a cache that sends no Age looks the same.',
  },
  DATE_MISSING: {
    severity: 'note',
    rule: 'RFC 9110 section 6.6.1: an origin server with a clock must send Date',
    remedy: 'Nothing, if the clock of the server is set otherwise; it cannot be seen from here.',
  },
} as const;

const found = finderOf(kindsOfClock);

/** What the settings of this module allow by default. */
const allowed = 60;
const leeway = 300;

export function clockRule({ jwks, discovery }: Observation): readonly Finding[] {
  const ofKeys = jwks.filter(({ answer }) => isAnswer(answer));
  const documents = ofKeys.length > 0 ? ofKeys : discovery ? [discovery] : [];
  return oncePerPlace(documents.flatMap(aboutDate));
}

function aboutDate({ name, answer }: SeenDocument): Finding[] {
  if (!isAnswer(answer)) return [];
  const { date, age } = answer.headers;
  const where = `${name} header Date`;
  if (date === undefined) return [found('DATE_MISSING', where, 'It is not there.')];
  const theirs = Date.parse(date);
  if (!Number.isFinite(theirs))
    return [found('DATE_MISSING', where, `It is ${quoted(date)}, which is no date.`)];
  // RFC 9111 section 4.2.3: a cache hands on the Date of the server, that old. Some write a Date of their own beside it.
  const latest = theirs / 1000 + (secondsOf(age) ?? 0);
  // The header has whole seconds, and was written between the two instants.
  const ahead = Math.floor(theirs / 1000 - answer.answeredAt / 1000);
  const behind = Math.floor(answer.askedAt / 1000 - (latest + 1));
  if (ahead > leeway)
    return [found('CLOCK_AHEAD', where, `It is ${ahead} s ahead of the clock of this machine.`)];
  const difference = Math.max(ahead, behind);
  return difference > allowed
    ? [
        found(
          'CLOCK_DIFFERS',
          where,
          `It is ${difference} s ${ahead > behind ? 'ahead of' : 'behind'} the clock of this machine.`,
        ),
      ]
    : [];
}
