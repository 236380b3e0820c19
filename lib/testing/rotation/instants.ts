import type { Published } from './published.js';
import type { RelyingParty } from './relying-parties/relying-party.js';
import type { Replica } from './replica.js';
import type { Tokens } from './tokens.js';

/**
 * Looks while caches may hold other keys, and each time that a part of what is left until the next change has passed:
 * whatever does not keep to the instants that it names is seen too.
 */
const parts = 8;

interface Circumstances {
  readonly now: number;
  readonly start: number;
  readonly replicas: readonly Replica[];
  readonly parties: readonly RelyingParty[];
  readonly published: readonly Published[];
  readonly changedAt: number;
  readonly tokens: Tokens;
}

/**
 * The instants to come that matter: just before and at each change, when a cache ends that holds other keys, when a replica
 * asks its source, and the last moment of a token whose key signs no more.
 */
export function instantsOf(circumstances: Circumstances): number[] {
  const { now, replicas, parties, tokens } = circumstances;
  const { alive, signing } = tokens;
  return [
    ...replicas.flatMap((replica) => instantsOfReplica(replica, circumstances)),
    ...parties.flatMap(({ held }) =>
      held && !isCurrent(held.jwks, circumstances) ? around(held.keptUntil) : [],
    ),
    ...alive.flatMap(({ kid, expiresAt }) => (signing.has(kid) ? [] : [expiresAt - 1])),
  ].filter((instant) => instant > now);
}

function instantsOfReplica(
  { rotation, asksAt, interval = 0 }: Replica,
  { now, start, published, changedAt }: Circumstances,
): number[] {
  const { keys, nextChangeAt } = rotation.status();
  const freshness = Math.max(...published.map((each) => each.freshness), 1_000);
  const isCached = now < changedAt + freshness;
  const waits = nextChangeAt !== undefined && keys.some(({ slot }) => slot === 'next');
  // A key may wait for longer by far than a cache lives.
  const left = waits ? nextChangeAt.getTime() - now : 0;
  return [
    // A millisecond more, since instants are rounded.
    ...(nextChangeAt ? around(nextChangeAt.getTime() + 1) : []),
    ...(asksAt !== undefined && interval > 0 && asksAt <= start + interval ? [asksAt] : []),
    ...(isCached ? [now + freshness / parts] : []),
    ...(waits ? [now + Math.max(freshness, left) / parts] : []),
  ];
}

function around(instant: number): [number, number] {
  return [instant - 2, instant];
}

function isCurrent(jwks: object, { published }: Circumstances): boolean {
  const text = JSON.stringify(jwks);
  return published.some((each) => JSON.stringify(each.jwks) === text);
}
