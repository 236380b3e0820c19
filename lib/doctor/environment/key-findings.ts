import { dateOf } from '../../rotation/clock.js';
import type { Moment } from '../../rotation/clock.js';
import type { RotationView } from '../../rotation/rotation-view.js';
import type { Finding } from '../finding.js';
import { found } from './kinds-of-environment.js';

/** Which key does what and when something changes, and what relying parties will make of the keys. */
export function keyFindings(view: RotationView, now: Moment): Finding[] {
  return [...linesOfLife(view, now), ...withoutRs256(view), ...namesThatBreak(view), ...withoutNext(view)];
}

const codeOfSlot = { current: 'KEY_IS_CURRENT', next: 'KEY_IS_NEXT', previous: 'KEY_IS_PREVIOUS' } as const;

function linesOfLife(view: RotationView, now: Moment): Finding[] {
  const waiting = new Map(view.waiting.map(({ key, signsFrom }) => [key.kid, signsFrom]));
  const retained = new Map(view.retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil]));
  const instant = (words: string, monotonic: number | undefined) =>
    monotonic === undefined ? '' : `, ${words} ${dateOf(monotonic, now).toISOString()}`;
  return view.keys.map(({ key: { alg, kid, where }, slot }) => {
    const signsFrom = instant('signs from', waiting.get(kid));
    const publishedUntil = instant('stays published until', retained.get(kid));
    return found(codeOfSlot[slot], where, `${alg} key ${kid} is ${slot}${signsFrom}${publishedUntil}.`);
  });
}

function withoutRs256({ keys }: RotationView): Finding[] {
  if (keys.some(({ key, slot }) => slot === 'current' && key.alg === 'RS256')) return [];
  const message =
    'No RS256 key signs, so this is no OpenID provider, and some relying parties know nothing else.';
  return [found('NO_RS256_KEY', 'the keys that sign', message)];
}

function namesThatBreak({ keys }: RotationView): Finding[] {
  return keys.flatMap(({ key: { alg, kid, where, publicJwk } }): Finding[] => {
    if (alg === 'Ed25519') {
      const message =
        `The JWKS names the algorithm of key ${kid} "Ed25519": some relying parties then refuse the whole set, the keys ` +
        'of other algorithms included.';
      return [found('OWN_KEY_NAMED_ED25519', where, message)];
    }
    if (publicJwk.kty !== 'OKP') return [];
    const message = `A few older relying parties refuse a set with a key of the kind "OKP", such as ${kid}.`;
    return [found('OWN_KEY_OF_KIND_OKP', where, message)];
  });
}

function withoutNext({ keys }: RotationView): Finding[] {
  const next = new Set(keys.filter(({ slot }) => slot === 'next').map(({ key }) => key.algorithm));
  const signing = keys.filter(({ key, slot }) => slot === 'current' && !next.has(key.algorithm));
  return signing.map(({ key: { alg, kid, where } }) =>
    found(
      'NO_NEXT_KEY',
      where,
      `No key waits to follow ${alg} key ${kid}: if that one were stolen, relying parties would have to learn of a new key first.`,
    ),
  );
}
