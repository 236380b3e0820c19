import { propagationOf, shortestCache } from '../core/key-set/figures.js';
import type { Figures } from '../core/key-set/figures.js';
import { utc } from '../core/key-set/instants.js';
import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { stateAt } from '../core/key-set/state-at.js';

/** What a command did to a key that relying parties know. */
export interface Change {
  readonly before: KeySet;
  readonly after: KeySet;
  /** The kid or thumbprint by which the key was named. */
  readonly name: string;
  readonly t: number;
  readonly figures: Figures;
}

/** For how long relying parties may still accept a revoked key, and not know the one that signs in its place. */
export function afterRevocation({ before, after, name, t, figures }: Change): readonly string[] {
  const key = before.named(name)!;
  const known = t + propagationOf(figures);
  const wasPublished = stateAt({ set: before, figures }, t).published.has(key);
  return [
    ...(wasPublished
      ? [
          `Relying parties that have cached the JWKS may accept key ${key.kid} until ${utc(known)}; ` +
            'tell those that matter to fetch it again.',
        ]
      : []),
    ...successorSentence(key, after, t, figures, known),
  ];
}

function successorSentence(
  { algorithm, alg }: KeyOfSet,
  after: KeySet,
  t: number,
  figures: Figures,
  known: number,
): readonly string[] {
  const signs = stateAt({ set: after, figures }, t).signing.get(algorithm);
  if (!signs) return [`Nothing signs for ${alg} any more. \`rotate --algorithm ${alg}\` makes a key.`];
  const { kid, iat = -Infinity } = signs;
  const knownFrom = Math.min(iat + propagationOf(figures), known);
  return knownFrom <= t
    ? [`Key ${kid} signs, and relying parties know it.`]
    : [
        `Key ${kid} signs at once, and relying parties that have cached the JWKS may not know it until ${utc(knownFrom)}.`,
      ];
}

/** For how long the tokens of a retired key are accepted. */
export function afterRetirement({ after, name, figures }: Change): readonly string[] {
  const { kid, alg, exp } = after.named(name)!;
  const cache = Math.max(figures.jwksMaxAge, figures.propagationFloor ?? shortestCache);
  return [
    `Tokens of key ${kid} are accepted until ${utc(exp!)}, and by relying parties that have cached the JWKS until ` +
      `${utc(exp! + cache)}. ${alg} has to be gone from what your issuer says it signs with.`,
  ];
}
