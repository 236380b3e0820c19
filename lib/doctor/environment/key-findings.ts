import { dateOf } from '../../rotation/clock.js';
import type { Moment } from '../../rotation/clock.js';
import type { RotationView } from '../../rotation/rotation-view.js';
import type { Finding } from '../finding.js';

const ourRotation = 'nestjs-oidc-key, docs/rotation.md';
const relyingParties = 'what relying parties do, docs/relying-parties.md';

/** Which key does what and when something changes, and what relying parties will make of the keys. */
export function keyFindings(view: RotationView, now: Moment): Finding[] {
  return [...linesOfLife(view, now), ...withoutRs256(view), ...namesThatBreak(view), ...withoutNext(view)];
}

function linesOfLife(view: RotationView, now: Moment): Finding[] {
  const waiting = new Map(view.waiting.map(({ key, signsFrom }) => [key.kid, signsFrom]));
  const retained = new Map(view.retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil]));
  return view.keys.map(({ key, slot }) => {
    const [signsFrom, publishedUntil] = [waiting.get(key.kid), retained.get(key.kid)];
    const instants = [
      ...(signsFrom === undefined ? [] : [`signs from ${dateOf(signsFrom, now).toISOString()}`]),
      ...(publishedUntil === undefined
        ? []
        : [`stays published until ${dateOf(publishedUntil, now).toISOString()}`]),
    ];
    const line = [`${key.alg} key ${key.kid} is ${slot}`, ...instants].join(', ');
    return {
      severity: 'note',
      code: `KEY_IS_${slot.toUpperCase()}`,
      where: key.where,
      message: `${line}.`,
      remedy: 'Nothing has to be done.',
      rule: ourRotation,
    };
  });
}

function withoutRs256({ keys }: RotationView): Finding[] {
  if (keys.some(({ key, slot }) => slot === 'current' && key.alg === 'RS256')) return [];
  return [
    {
      severity: 'warning',
      code: 'NO_RS256_KEY',
      where: 'the keys that sign',
      message:
        'No RS256 key signs, so this is no OpenID provider, and some relying parties know nothing else.',
      remedy:
        'Add an RSA key, or leave it at that where every relying party of this issuer takes another algorithm.',
      rule: 'OpenID Connect Discovery 1.0 section 3, id_token_signing_alg_values_supported',
    },
  ];
}

function namesThatBreak({ keys }: RotationView): Finding[] {
  return keys.flatMap(({ key }): Finding[] => {
    if (key.alg === 'Ed25519') {
      return [
        {
          severity: 'warning',
          code: 'KEY_NAMED_ED25519',
          where: key.where,
          message:
            `The JWKS names the algorithm of key ${key.kid} "Ed25519": some relying parties then refuse the whole set, ` +
            'the keys of other algorithms included.',
          remedy:
            'Give the key the `alg` "EdDSA", unless every relying party is known to take the other name.',
          rule: `RFC 9864 section 2.2; ${relyingParties}`,
        },
      ];
    }
    if (key.publicJwk.kty !== 'OKP') return [];
    return [
      {
        severity: 'note',
        code: 'KEY_OF_KIND_OKP',
        where: key.where,
        message: `A few older relying parties refuse a set with a key of the kind "OKP", such as ${key.kid}.`,
        remedy: 'Try it with those of this issuer before it signs.',
        rule: `RFC 8037 section 2; ${relyingParties}`,
      },
    ];
  });
}

function withoutNext({ keys }: RotationView): Finding[] {
  const next = new Set(keys.filter(({ slot }) => slot === 'next').map(({ key }) => key.algorithm));
  const signing = keys.filter(({ key, slot }) => slot === 'current' && !next.has(key.algorithm));
  return signing.map(({ key }) => ({
    severity: 'note',
    code: 'NO_NEXT_KEY',
    where: key.where,
    message: `No key waits to follow ${key.alg} key ${key.kid}: if that one were stolen, relying parties would have to learn of a new key first.`,
    remedy: 'Publish a next key, where being without logins for that long is too much.',
    rule: ourRotation,
  }));
}
