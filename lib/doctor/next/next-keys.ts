import { propagationOf } from '../../core/key-set/figures.js';
import type { Figures } from '../../core/key-set/figures.js';
import type { PublicJwk } from '../../core/key/public-jwk.js';
import { isObject } from '../../core/objects.js';
import { isAnswer } from '../../network/answer.js';
import type { Finding } from '../finding.js';
import { longestLifetimeOf, secondsOf } from '../issuer/cache-control.js';
import { isForEncryption, kindOf } from '../issuer/key-kinds.js';
import { listOfKeys } from '../issuer/observation.js';
import type { SeenDocument } from '../issuer/observation.js';
import { finderOf } from '../kinds-of-findings.js';

const core10 = 'OpenID Connect Core 1.0 section 10.1.1';

/** Whether keys that are to sign may. */
export const kindsOfNextKeys = {
  NEXT_KEY_NONE: {
    severity: 'error',
    rule: `${core10}: a key is published before it signs`,
    remedy: 'Do not promote: there is nothing to promote. Run it with the settings that have the next key.',
  },
  CURRENT_KEY_NOT_VISIBLE: {
    severity: 'error',
    rule: `${core10}: relying parties get the key from the JWKS`,
    remedy:
      'Do not promote. Run it with the settings of this issuer; if they are, publish the key before it signs.',
  },
  NEXT_KEY_NOT_SEEN: {
    severity: 'error',
    rule: `${core10}: relying parties get the key from the JWKS`,
    remedy: 'Do not promote. See to it that the JWKS answers, and ask again.',
  },
  NEXT_KEY_NOT_VISIBLE: {
    severity: 'error',
    rule: `${core10}: a key is published before it signs`,
    remedy: 'Do not promote. Deploy the servers with the key, see that they have read it, and ask again.',
  },
  NEXT_KEY_NOT_EVERYWHERE: {
    severity: 'error',
    rule: `${core10}: a relying party that gets an older set refuses tokens of the key`,
    remedy: 'Do not promote. Find the node or the cache with the older set by --resolve HOST:ADDRESS.',
  },
  NEXT_KEY_DIFFERS: {
    severity: 'error',
    rule: 'RFC 7517 section 4.5: one kid, one key',
    remedy: 'Do not promote. Find out which of the two keys the servers hold.',
  },
  NEXT_KEY_TOO_YOUNG: {
    severity: 'error',
    rule: 'Propagation of nestjs-oidc-key: max(max-age, 300 s) + spread + clock skew',
    remedy:
      'Do not promote before that instant. Of a key that settings name without instants, an answer says only that it is ' +
      'there now: keep the visibleSince of the first run, and hand it to the later ones with --seen-since.',
  },
  NEXT_KEY_TOO_EARLY: {
    severity: 'error',
    rule: 'Propagation of nestjs-oidc-key: max(max-age, 300 s) + spread + clock skew',
    remedy: 'Move the instant from which it is to sign: a server that is restarted takes it at its word.',
  },
  NEXT_KEY_SINCE_UNKNOWN: {
    severity: 'warning',
    rule: 'Propagation of nestjs-oidc-key: max(max-age, 300 s) + spread + clock skew',
    remedy:
      'Say when it was first seen at the public address: --seen-since with the visibleSince of an earlier run. If that is ' +
      'now, move the instant from which it is to sign.',
  },
  NEXT_KEY_CACHED_LONGER: {
    severity: 'warning',
    rule: 'RFC 9111 section 4.2.1, RFC 5861: what is served decides how long a set is kept',
    remedy: 'Set OIDC_JWKS_MAX_AGE to what is served, or serve what is set; a CDN may have rules of its own.',
  },
  NEXT_KEY_SAFE: {
    severity: 'note',
    rule: 'Propagation of nestjs-oidc-key: max(max-age, 300 s) + spread + clock skew',
    remedy: 'Nothing: it may sign.',
  },
  NEXT_KEY_WAITS: {
    severity: 'note',
    rule: 'Propagation of nestjs-oidc-key: max(max-age, 300 s) + spread + clock skew',
    remedy: 'Nothing: it starts to sign by itself.',
  },
} as const;

const found = finderOf(kindsOfNextKeys);

/** A key that is to sign. Instants are in milliseconds since 1970. */
export interface NextKey {
  readonly publicJwk: Readonly<PublicJwk>;
  /** Where configuration says it, as a key set does. */
  readonly publishedSince: number | undefined;
  /** Where it starts to sign by itself. */
  readonly signsFrom: number | undefined;
}

/** What is known of a key at the public address. Instants as in ISO 8601. */
export interface NextKeyAnswer {
  readonly kid: string;
  /** Whether every answer has it. */
  readonly visible: boolean;
  /** Since when at the latest; undefined where it is not visible. */
  readonly visibleSince: string | undefined;
  /** Whether configuration says it, somebody who saw it earlier, or this answer alone, with its `Age`. */
  readonly knownFrom: 'configuration' | 'earlier' | 'answer' | undefined;
  /** From when it may sign. */
  readonly safeFrom: string | undefined;
  /** Whether it may sign now. */
  readonly safe: boolean;
}

/** What is to be said of keys that wait. */
export interface NextKeysReport {
  readonly keys: readonly NextKeyAnswer[];
  readonly findings: readonly Finding[];
}

export interface NextKeysQuestion {
  readonly keys: readonly NextKey[];
  /** The keys that sign with these settings. */
  readonly current: readonly Readonly<PublicJwk>[];
  readonly jwks: readonly SeenDocument[];
  readonly figures: Figures;
  /** When the keys were first seen there. In milliseconds since 1970. */
  readonly seenSince?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether each key that waits can be seen at the public address, since when, and whether it may sign. */
export function nextKeys(question: NextKeysQuestion): NextKeysReport {
  const { keys, jwks, figures } = question;
  const unseen = question.current.flatMap((key) => aboutCurrent(key, jwks));
  if (keys.length === 0) {
    return { keys: [], findings: [found('NEXT_KEY_NONE', 'next keys', 'No key waits.'), ...unseen] };
  }
  const served = Math.max(0, ...jwks.map(lifetimeOf));
  const longer =
    served > figures.jwksMaxAge
      ? [
          found(
            'NEXT_KEY_CACHED_LONGER',
            'jwks header Cache-Control',
            `The JWKS may be kept for ${served} s, and the setting says ${figures.jwksMaxAge} s. The longer time counts here.`,
          ),
        ]
      : [];
  const propagation = propagationOf({ ...figures, jwksMaxAge: Math.max(figures.jwksMaxAge, served) });
  const answers = keys.map((key) => answerFor(key, question, propagation * 1000));
  return {
    keys: answers.map(({ answer }) => answer),
    findings: [...answers.map(({ finding }) => finding), ...unseen, ...longer],
  };
}

/** With the settings of another issuer nothing is known of this one. */
function aboutCurrent(key: Readonly<PublicJwk>, jwks: readonly SeenDocument[]): Finding[] {
  const sets = jwks.map(listOfKeys);
  // Where there is no set, that is said.
  const isThere = sets.every(
    (set) =>
      set?.some(
        (each) => isObject(each) && each.kid === key.kid && isSame(each, key) && isForSame(each, key),
      ) ?? true,
  );
  const message = 'It signs with these settings, and not every answer has it.';
  return isThere ? [] : [found('CURRENT_KEY_NOT_VISIBLE', `current key ${key.kid}`, message)];
}

function lifetimeOf({ answer }: SeenDocument): number {
  return isAnswer(answer) && answer.status === 200 ? longestLifetimeOf(answer.headers, answer.answeredAt) : 0;
}

interface Answered {
  readonly answer: NextKeyAnswer;
  readonly finding: Finding;
}

function answerFor(
  key: NextKey,
  { jwks, seenSince = Infinity, now }: NextKeysQuestion,
  propagation: number,
): Answered {
  const { kid } = key.publicJwk;
  const where = `next key ${kid}`;
  const unseen = (code: keyof typeof kindsOfNextKeys, message: string): Answered => ({
    answer: {
      kid,
      visible: false,
      visibleSince: undefined,
      knownFrom: undefined,
      safeFrom: undefined,
      safe: false,
    },
    finding: found(code, where, message),
  });
  const sets = jwks.map(listOfKeys);
  if (sets.length === 0 || sets.some((set) => set === undefined)) {
    return unseen('NEXT_KEY_NOT_SEEN', 'The JWKS cannot be read, so that nothing is known of it.');
  }
  const published = sets.map((set) => set!.find((each) => isObject(each) && each.kid === kid));
  const there = published.filter((each) => each !== undefined);
  if (there.length === 0) return unseen('NEXT_KEY_NOT_VISIBLE', 'The JWKS does not have it.');
  if (there.some((each) => !isSame(each as Record<string, unknown>, key.publicJwk))) {
    return unseen('NEXT_KEY_DIFFERS', 'The JWKS has another key under this kid.');
  }
  if (there.some((each) => !isForSame(each as Record<string, unknown>, key.publicJwk))) {
    return unseen('NEXT_KEY_DIFFERS', 'The JWKS has it for something else: "use" or "alg" is another.');
  }
  if (there.length < published.length) {
    return unseen('NEXT_KEY_NOT_EVERYWHERE', `${there.length} of ${published.length} answers have it.`);
  }
  const answered = Math.min(now, Math.max(...jwks.map(generatedAt)));
  const since = key.publishedSince ?? Math.min(answered, seenSince);
  const safeFrom = since + propagation;
  const answer: NextKeyAnswer = {
    kid,
    visible: true,
    visibleSince: iso(since),
    knownFrom:
      key.publishedSince !== undefined ? 'configuration' : seenSince < answered ? 'earlier' : 'answer',
    safeFrom: iso(safeFrom),
    safe: safeFrom <= now,
  };
  return { answer, finding: findingOf(key, answer, safeFrom, where) };
}

/** When the server wrote what a cache hands on. */
function generatedAt({ answer }: SeenDocument): number {
  if (!isAnswer(answer)) return Infinity;
  return answer.answeredAt - (secondsOf(answer.headers.age) ?? 0) * 1000;
}

function findingOf(
  { signsFrom }: NextKey,
  { safe, visibleSince, knownFrom }: NextKeyAnswer,
  safeFrom: number,
  where: string,
): Finding {
  const seen =
    knownFrom === 'configuration'
      ? `It is visible, and published since ${visibleSince}`
      : knownFrom === 'earlier'
        ? `It is visible, and was seen at ${visibleSince}`
        : `It is visible, since ${visibleSince} at the latest`;
  // Half a second, since two clocks were read one after the other.
  if (signsFrom !== undefined && signsFrom < safeFrom - 500) {
    if (knownFrom === 'answer') {
      return found(
        'NEXT_KEY_SINCE_UNKNOWN',
        where,
        `${seen}, and signs from ${iso(signsFrom)}: whether it was there early enough, this answer alone does not say.`,
      );
    }
    return found(
      'NEXT_KEY_TOO_EARLY',
      where,
      `${seen}. It is to sign from ${iso(signsFrom)}, and may from ${iso(safeFrom)}.`,
    );
  }
  if (safe) return found('NEXT_KEY_SAFE', where, `${seen}, and may sign since ${iso(safeFrom)}.`);
  return signsFrom === undefined
    ? found('NEXT_KEY_TOO_YOUNG', where, `${seen}, and may sign from ${iso(safeFrom)}.`)
    : found('NEXT_KEY_WAITS', where, `${seen}, and signs from ${iso(signsFrom)}.`);
}

function isSame(jwk: Record<string, unknown>, own: Readonly<Record<string, unknown>>): boolean {
  const members = ['kty', 'crv', ...(kindOf(own)?.members ?? [])];
  return members.every((member) => jwk[member] === own[member]);
}

/** A relying party takes a key for what the key says, and for nothing else. */
function isForSame(jwk: Record<string, unknown>, { alg }: Readonly<Record<string, unknown>>): boolean {
  return !isForEncryption(jwk) && (jwk.alg === undefined || jwk.alg === alg);
}

function iso(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
