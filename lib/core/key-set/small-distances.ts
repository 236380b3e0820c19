import { afterlifeOf, propagationOf } from './figures.js';
import type { Figures } from './figures.js';
import type { KeyOfSet } from './key-of-set.js';
import { followersIn } from './successors.js';
import type { Derivation, StateAt } from './state-at.js';

/**
 * The instants of a document that are nearer to each other than this server's figures ask for: whoever wrote it reckoned
 * with others. The server keeps to its own.
 */
export function warningsAbout({ set, figures }: Derivation, state: StateAt, now: number): readonly string[] {
  const followers = followersIn(set);
  const oldest = new Map(set.algorithms.map((algorithm) => [algorithm, set.unrevokedOf(algorithm)[0]]));
  return set.keys.flatMap((key) => {
    if (!state.published.has(key)) return [];
    const first = oldest.get(key.algorithm);
    // One that can sign and that nothing follows stays, whatever it says.
    const stays = key.canSign && !state.successors.has(key);
    const warnings = [
      tooSoon(key, first && first.order < key.order, figures, now),
      stays ? undefined : tooShort(key, followers.get(key), figures),
    ];
    return warnings.filter((warning) => warning !== undefined);
  });
}

function tooSoon(
  { iat, nbf, where }: KeyOfSet,
  hasElder: boolean | undefined,
  figures: Figures,
  now: number,
): string | undefined {
  const propagation = propagationOf(figures);
  if (iat === undefined || nbf === undefined || nbf - iat >= propagation) return undefined;
  // The first key of an issuer has nothing to wait for, and what relying parties know by now is past.
  if ((nbf === iat && !hasElder) || now >= iat + propagation) return undefined;
  return (
    `${where} is to sign ${nbf - iat} s after it is published ("nbf" and "iat"), and this server asks for ` +
    `${propagation} s and keeps to that. Give the commands the figures of the servers (--max-age, --spread, ` +
    '--clock-skew).'
  );
}

function tooShort(key: KeyOfSet, follower: KeyOfSet | undefined, figures: Figures): string | undefined {
  const { exp, where } = key;
  const { order } = follower ?? key;
  const afterlife = afterlifeOf(figures);
  if (exp === undefined || !Number.isFinite(order) || exp - order >= afterlife) return undefined;
  const whence = follower ? 'the next key is to sign' : 'it was to sign itself';
  return (
    `${where} is to go ${exp - order} s after ${whence} ("exp"), and this server asks for ${afterlife} s. Give the ` +
    'commands the figures of the servers (--retention, --spread, --clock-skew).'
  );
}
