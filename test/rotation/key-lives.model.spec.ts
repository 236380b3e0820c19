import type { KeyObject } from 'node:crypto';

import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { algorithms } from '../../lib/core/algorithms.js';
import type { Algorithm } from '../../lib/core/algorithms.js';
import { OidcKeyError } from '../../lib/core/errors.js';
import type { VerificationKey } from '../../lib/core/key/verification-key.js';
import type { KeySlots } from '../../lib/core/reading/key-slots.js';
import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { revocationsIn } from '../../lib/core/ring/members-of-slots.js';
import type { Lives, Slot } from '../../lib/core/ring/life.js';
import { KeyLives } from '../../lib/rotation/key-lives.js';
import type { Change } from '../../lib/rotation/rotation-event.js';
import type { RotationView } from '../../lib/rotation/rotation-view.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { ecKey, FakeClock } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';

/** `ROTATION_RUNS=20000` tries more. */
const runs = Number(process.env.ROTATION_RUNS ?? 300);

const minute = 60_000;
const timing = { propagation: 10 * minute, retention: 100 * minute };
const start = Date.parse('2030-01-01T00:00:00Z');

interface PoolKey {
  readonly kid: string;
  readonly keyObject: KeyObject;
  readonly thumbprint: string;
  readonly alg: 'ES256' | 'EdDSA';
}

const poolKey = (kid: string, keyObject: KeyObject, alg: PoolKey['alg']): PoolKey => ({
  kid,
  keyObject,
  thumbprint: thumbprintOf(keyObject),
  alg,
});
const twice = ecKey();
/** Two algorithms, and one key under two kids. */
const pool: readonly PoolKey[] = [
  poolKey('a', ecKey(), 'ES256'),
  poolKey('b', ecKey(), 'ES256'),
  poolKey('c', twice, 'ES256'),
  poolKey('c again', twice, 'ES256'),
  poolKey('d', makeKeyPair('ed25519').privateKey, 'EdDSA'),
  poolKey('e', makeKeyPair('ed25519').privateKey, 'EdDSA'),
];

/** A name of a key, written down so that a history can be told to another run, whose keys are others. */
interface Name {
  readonly of: string;
  readonly by: 'kid' | 'thumbprint';
}
const names = pool.flatMap(({ kid }): Name[] => [
  { of: kid, by: 'kid' },
  { of: kid, by: 'thumbprint' },
]);

type Place = Slot | 'nowhere';

type Command =
  | { readonly type: 'reload'; readonly places: readonly Place[]; readonly schedule: number | undefined }
  | { readonly type: 'revoke'; readonly names: readonly Name[]; readonly isRestSound: boolean }
  | { readonly type: 'jump'; readonly minutes: number }
  | { readonly type: 'pass'; readonly minutes: number }
  | { readonly type: 'sleep' }
  | { readonly type: 'restart' };

const place = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Place>('nowhere') },
  { weight: 2, arbitrary: fc.constant<Place>('current') },
  { weight: 2, arbitrary: fc.constant<Place>('next') },
  { weight: 1, arbitrary: fc.constant<Place>('previous') },
);

const reload = fc.record({
  type: fc.constant('reload' as const),
  places: fc.array(place, { minLength: pool.length, maxLength: pool.length }),
  schedule: fc.option(fc.integer({ min: -30, max: 60 }), { nil: undefined }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: reload },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('revoke' as const),
      names: fc.subarray(names, { maxLength: 2 }),
      isRestSound: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('jump' as const),
      minutes: fc.integer({ min: -200, max: 200 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('pass' as const), minutes: fc.integer({ min: 0, max: 110 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'sleep' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
);

/** A server and its configuration, and what a relying party and a thief could tell about it. */
class World {
  readonly clock = new FakeClock(start);
  slots: KeySlots = slotsOf(['current', 'next', 'nowhere', 'nowhere', 'nowhere', 'nowhere']);
  #loader = new KeyLoader();
  #lives: KeyLives;
  #loaded: Lives;
  #loadedBefore: Lives;
  /** Thumbprints of keys that were revoked while they were known. */
  readonly #dead = new Set<string>();
  readonly #publishedSince = new Map<string, number>();
  /** Until when a key may have signed, here or in another replica. */
  readonly #signedUntil = new Map<string, number>();
  /** Algorithms whose key was revoked, and that no key signs since. */
  readonly #bereft = new Set<Algorithm>();
  /** What a boot found scheduled. */
  #trusted: ReadonlyMap<string, number> = new Map();

  constructor() {
    this.#loaded = this.#load() as Lives;
    this.#loadedBefore = this.#loaded;
    this.#lives = this.#boot();
  }

  execute(given: Command): void {
    const before = this.#view();
    this.#loadedBefore = this.#loaded;
    this.#tickTo(given);
    for (const { key, slot } of before.keys) {
      if (slot !== 'previous') this.#signedUntil.set(key.kid, this.clock.monotonic);
    }
    if (given.type === 'restart') {
      this.#restart();
    } else {
      const changes = this.#change(given);
      const after = this.#view();
      this.#checkChanges(before, after, changes);
      this.#checkSigners(before, after);
      this.#checkDepartures(before, after);
    }
    this.#checkAlways();
    if (this.#loaded !== this.#loadedBefore) this.#forgetWhatIsInNoSlot();
  }

  #forgetWhatIsInNoSlot(): void {
    const configured = new Set(this.#loaded.lives.map(({ key }) => key.thumbprint));
    for (const thumbprint of this.#dead) if (!configured.has(thumbprint)) this.#dead.delete(thumbprint);
  }

  #view(): RotationView {
    return this.#lives.view(this.clock.now);
  }

  #tickTo(given: Command): void {
    if (given.type === 'pass') this.clock.monotonic += given.minutes * minute;
    if (given.type === 'jump') this.clock.offset += given.minutes * minute;
    if (given.type === 'sleep') this.#sleepUntilJustBefore();
  }

  /** Nothing happens before the instant at which something is due. */
  #sleepUntilJustBefore(): void {
    const { nextChange } = this.#view();
    if (nextChange === undefined) return;
    this.clock.monotonic = Math.max(this.clock.monotonic, nextChange - 1);
    if (this.clock.monotonic < nextChange) expect(this.#lives.letPass(this.clock.now)).toEqual([]);
    this.clock.monotonic = nextChange;
  }

  #change(given: Exclude<Command, { type: 'restart' }>): readonly Change[] {
    switch (given.type) {
      case 'reload':
        this.slots = { ...slotsOf(given.places), revokedKids: this.slots.revokedKids };
        if (given.schedule !== undefined) {
          this.slots.nextActivatesAt = new Date(this.clock.wall + given.schedule * minute);
        }
        return this.#reload(this.#load());
      case 'revoke':
        this.slots.revokedKids = given.names.map(({ of, by }) => pool.find(({ kid }) => kid === of)![by]);
        return this.#reload(given.isRestSound ? this.#load() : unsound);
      case 'sleep': {
        const changes = this.#lives.letPass(this.clock.now);
        // Where a scheduled key has taken the place of the one that waited, what is due is later.
        const { nextChange = Infinity } = this.#view();
        if (changes.length === 0) expect(nextChange).toBeGreaterThan(this.clock.monotonic);
        return changes;
      }
      default:
        return this.#lives.letPass(this.clock.now);
    }
  }

  #load(isRevoked = (key: VerificationKey) => this.#lives.isRevoked(key)) {
    // A boot that fails leaves this undefined.
    const known = this.#lives as KeyLives | undefined;
    try {
      return this.#loader.loadNow(this.slots, {
        algorithm: algorithmFor(this.slots),
        ...(known && { isRevoked }),
      });
    } catch (error) {
      return error as OidcKeyError;
    }
  }

  #reload(loaded: Lives | OidcKeyError): readonly Change[] {
    const list = revocationsIn(this.slots);
    const seen = [
      ...this.#view().keys,
      ...this.#loaded.lives,
      ...(loaded instanceof OidcKeyError ? [] : loaded.lives),
    ];
    for (const { key } of seen) if (list.names(key)) this.#dead.add(key.thumbprint);
    for (const { key, slot } of this.#view().keys) {
      if (slot === 'current' && this.#dead.has(key.thumbprint)) this.#bereft.add(key.algorithm);
    }
    const { changes, refusal } = this.#lives.takeOver(list, loaded, this.clock.now);
    if (!refusal) this.#loaded = loaded as Lives;
    return changes;
  }

  #boot(): KeyLives {
    const lives = new KeyLives(this.#loaded, revocationsIn(this.slots), this.clock.now, timing);
    for (const map of [this.#publishedSince, this.#signedUntil]) map.clear();
    for (const set of [this.#dead, this.#bereft]) set.clear();
    const list = revocationsIn(this.slots);
    for (const { key } of this.#loaded.lives) if (list.names(key)) this.#dead.add(key.thumbprint);
    const { keys } = lives.view(this.clock.now);
    for (const { key } of keys) {
      this.#publishedSince.set(key.kid, this.clock.monotonic);
      this.#signedUntil.set(key.kid, this.clock.monotonic);
    }
    const scheduled = this.#loaded.lives.filter(({ slot }) => slot === 'next');
    this.#trusted = new Map(
      scheduled.flatMap(({ key, signsFrom }) => (signsFrom === undefined ? [] : [[key.kid, signsFrom]])),
    );
    return lives;
  }

  /** A new process that cannot boot does not replace the old one. */
  #restart(): void {
    const loader = this.#loader;
    this.#loader = new KeyLoader();
    const loaded = this.#load(() => false);
    const before = this.#loaded;
    try {
      if (loaded instanceof OidcKeyError) throw loaded;
      this.#loaded = loaded;
      this.#lives = this.#boot();
    } catch (error) {
      expect(error).toBeInstanceOf(OidcKeyError);
      [this.#loader, this.#loaded] = [loader, before];
    }
  }

  /** The instants of a key by the configuration in service, and by the one before, of which a reload lets time pass too. */
  #scheduledAt(kid: string): (number | undefined)[] {
    return [...this.#loadedBefore.lives, ...this.#loaded.lives]
      .filter(({ key, slot }) => key.kid === kid && slot === 'next')
      .map(({ signsFrom }) => signsFrom);
  }

  #checkChanges(before: RotationView, after: RotationView, changes: readonly Change[]): void {
    const [old, now] = [kidsOf(before), kidsOf(after)];
    const kids = (...types: Change['type'][]) =>
      new Set(changes.filter(({ type }) => types.includes(type)).map(({ kid }) => kid));
    expect(kids('published')).toEqual(new Set([...now].filter((kid) => !old.has(kid))));
    expect(kids('retired', 'revoked')).toEqual(new Set([...old].filter((kid) => !now.has(kid))));
    for (const { key } of signersIn(after)) {
      if (!kidsOf(before, 'current').has(key.kid)) expect(kids('promoted')).toContain(key.kid);
    }
    for (const { key } of after.keys) {
      if (old.has(key.kid)) continue;
      this.#publishedSince.set(key.kid, this.clock.monotonic);
      this.#signedUntil.set(key.kid, this.clock.monotonic);
    }
  }

  /** None signs before relying parties can know it, unless the alternative is that nothing signs. */
  #checkSigners(before: RotationView, after: RotationView): void {
    const left = signersIn(before).filter(({ key }) => !this.#isRevoked(key));
    let mayStandIn = left.length === 0;
    // No configuration takes away what signs, as long as it was not revoked.
    if (!mayStandIn) expect(signersIn(after)).not.toEqual([]);
    const signedBefore = kidsOf(before, 'current');
    for (const { key } of signersIn(after).toSorted(byAlgorithm)) {
      if (signedBefore.has(key.kid)) continue;
      const isKnown = this.clock.monotonic - this.#publishedSince.get(key.kid)! >= timing.propagation;
      const instant = this.#trusted.get(key.kid);
      const isTrusted =
        instant !== undefined && this.#scheduledAt(key.kid).includes(instant) && this.clock.wall >= instant;
      if (!isKnown && !isTrusted && !this.#bereft.has(key.algorithm)) {
        expect([key.kid, mayStandIn]).toEqual([key.kid, true]);
        mayStandIn = false;
      }
    }
    for (const { key } of signersIn(after)) this.#bereft.delete(key.algorithm);
    for (const algorithm of this.#bereft) {
      if (!after.withoutSigner.includes(algorithm)) this.#bereft.delete(algorithm);
    }
  }

  #checkDepartures(before: RotationView, after: RotationView): void {
    const kids = kidsOf(after);
    for (const { key } of before.keys) {
      if (kids.has(key.kid) || this.#isRevoked(key)) continue;
      const since = this.clock.monotonic - this.#signedUntil.get(key.kid)!;
      expect([key.kid, since >= timing.retention]).toEqual([key.kid, true]);
    }
  }

  #isRevoked(key: VerificationKey): boolean {
    return this.#dead.has(key.thumbprint) || revocationsIn(this.slots).names(key);
  }

  #checkAlways(): void {
    const view = this.#view();
    for (const { key } of view.keys) {
      expect([key.kid, this.#isRevoked(key)]).toEqual([key.kid, false]);
    }
    const signing = signersIn(view).map(({ key }) => key.algorithm);
    expect(new Set(signing).size).toBe(signing.length);
    const due = [
      ...view.waiting.map(({ signsFrom }) => signsFrom),
      ...view.retained.map(({ publishedUntil }) => publishedUntil),
    ];
    const earliest = due.length === 0 ? undefined : Math.max(Math.min(...due), this.clock.monotonic);
    expect(view.nextChange).toBe(earliest);
    this.#lives.view({ wall: this.clock.wall + 1e12, monotonic: this.clock.monotonic + 1e12 });
    expect(this.#view()).toEqual(view);
  }
}

const unsound = new OidcKeyError('OIDC_KEY_MALFORMED', 'The rest is garbage.');

function slotsOf(places: readonly Place[]): KeySlots {
  const keysAt = (wanted: Slot) =>
    pool.filter((_, index) => places[index] === wanted).map(({ keyObject: key, kid }) => ({ key, kid }));
  return { current: keysAt('current'), next: keysAt('next'), previous: keysAt('previous') };
}

/** What the option "algorithm" has to say where there are two. */
function algorithmFor({ current }: KeySlots): 'ES256' | undefined {
  const kids = (current as { kid: string }[]).map(({ kid }) => kid);
  const algs = new Set(pool.filter(({ kid }) => kids.includes(kid)).map(({ alg }) => alg));
  return algs.size > 1 ? 'ES256' : undefined;
}

function signersIn({ keys }: RotationView) {
  return keys.filter(({ slot }) => slot === 'current');
}

function byAlgorithm(a: RotationView['keys'][number], b: RotationView['keys'][number]): number {
  return algorithms.indexOf(a.key.algorithm) - algorithms.indexOf(b.key.algorithm);
}

function kidsOf({ keys }: RotationView, wanted?: Slot): Set<string> {
  return new Set(keys.filter(({ slot }) => slot === (wanted ?? slot)).map(({ key }) => key.kid));
}

it(
  'no history of reloads, revocations, clocks and restarts breaks a rule of the life of a key',
  () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 30 }), (commands) => {
        const world = new World();
        for (const each of commands) world.execute(each);
      }),
      { numRuns: runs },
    );
  },
  60_000 + runs * 100,
);
