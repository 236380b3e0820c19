import type { KeyObject } from 'node:crypto';

import type { Algorithm, SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { runNow } from '../../../lib/core/key/steps.js';
import type { CommandContext } from '../../../lib/core/key-set/add-key.js';
import { propagationOf } from '../../../lib/core/key-set/figures.js';
import type { Figures } from '../../../lib/core/key-set/figures.js';
import { init } from '../../../lib/core/key-set/init.js';
import type { KeyOfSet } from '../../../lib/core/key-set/key-of-set.js';
import type { KeySet } from '../../../lib/core/key-set/key-set.js';
import { nextChangeAfter } from '../../../lib/core/key-set/lifeline.js';
import { madeOnce } from '../../../lib/core/key-set/new-key.js';
import type { MakeKey } from '../../../lib/core/key-set/new-key.js';
import type { Outcome } from '../../../lib/core/key-set/outcome.js';
import { readKeySet } from '../../../lib/core/key-set/read-key-set.js';
import { retire } from '../../../lib/core/key-set/retire.js';
import { revoke } from '../../../lib/core/key-set/revoke.js';
import { rotate } from '../../../lib/core/key-set/rotate.js';
import { stateAt } from '../../../lib/core/key-set/state-at.js';
import type { StateAt } from '../../../lib/core/key-set/state-at.js';
import { unite, writeUnion } from '../../../lib/core/key-set/unite.js';
import { makeKeyPair } from '../../support/key-pairs.js';

/** What somebody does at the command line. Keys are named by where they stand in the set. */
export type Act =
  | {
      readonly type: 'rotate';
      readonly algorithm: SigningAlgorithm | undefined;
      readonly every: number | undefined;
    }
  | { readonly type: 'revoke'; readonly key: number; readonly noRotate: boolean }
  | { readonly type: 'retire'; readonly key: number };

export type Step =
  | { readonly type: 'act'; readonly act: Act; readonly ahead: number }
  /** Both read before either writes. */
  | {
      readonly type: 'race';
      readonly acts: readonly Act[];
      readonly ahead: readonly number[];
      readonly lag: number;
    }
  | { readonly type: 'pass'; readonly seconds: number }
  | { readonly type: 'restart'; readonly replica: number }
  | { readonly type: 'figures'; readonly jwksMaxAge: number; readonly keyRetention: number };

export interface Plan {
  readonly compareAndSet: boolean;
  /** Half a skew at most, each. */
  readonly clocks: readonly number[];
  readonly polls: readonly number[];
  readonly steps: readonly Step[];
}

export const spread = 20;
export const skew = 10;
const start = 1_900_000_000;

const pool: Record<'ES256' | 'EdDSA', KeyObject[]> = {
  ES256: Array.from({ length: 60 }, () => makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey),
  EdDSA: Array.from({ length: 60 }, () => makeKeyPair('ed25519').privateKey),
};

/** What a history does that is against a rule. */
export class Broken extends Error {}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Broken(rule);
}

/** What a failing history is told with. */
function told(set: KeySet): string {
  return set.keys
    .map(({ alg, kid, iat = 0, nbf = 0, exp = 0, revoked, canSign }) => {
      const [i, n, e, r] = [iat, nbf, exp, revoked?.revoked_at ?? 0].map((each) =>
        each ? each - start : '-',
      );
      return `${alg} ${kid.slice(0, 4)} iat ${i} nbf ${n} exp ${e} revoked ${r}${canSign ? ' able' : ''}`;
    })
    .join('; ');
}

interface Reading {
  readonly version: number;
  readonly set: KeySet;
  /** The versions that it was united of; none where it is one of them. */
  readonly united: readonly KeySet[];
}

interface Version {
  readonly set: KeySet;
  readonly base: number;
}

/** What everybody outside could know about one key. */
interface Seen {
  /** For each replica, until when a JWKS without the key may lie in a cache. */
  readonly unknownUntil: number[];
  /** Until when a token of it is valid. */
  tokenUntil: number;
  /** It began to sign where nothing else could, and goes on. */
  isExcused: boolean;
}

class Replica {
  set: KeySet;
  nextPoll: number;
  /** Algorithms that it has signed with, until somebody gives them up. */
  readonly signed = new Set<Algorithm>();
  readonly revoked = new Set<string>();
  /** The `max-age` of what it last served. */
  served: number;

  constructor(
    readonly index: number,
    readonly clock: number,
    readonly poll: number,
    public figures: Figures,
    set: KeySet,
    now: number,
  ) {
    this.set = set;
    this.served = figures.jwksMaxAge;
    this.nextPoll = now + poll;
    this.remember();
  }

  remember(): void {
    for (const { thumbprint, revoked } of this.set.keys) if (revoked) this.revoked.add(thumbprint);
  }

  at(now: number): StateAt {
    const isRevokedElsewhere = ({ thumbprint }: KeyOfSet) => this.revoked.has(thumbprint);
    return stateAt({ set: this.set, figures: this.figures, isRevokedElsewhere }, now + this.clock);
  }

  #next = { of: undefined as KeySet | undefined, at: -Infinity };

  /** Worked out anew where the document is another, or its instant has come. */
  nextChange(now: number): number {
    if (this.#next.of !== this.set || this.#next.at <= now) {
      const next = nextChangeAfter({ set: this.set, figures: this.figures }, now + this.clock) ?? Infinity;
      this.#next = { of: this.set, at: next - this.clock };
    }
    return this.#next.at;
  }

  takeOver(set: KeySet, figures: Figures): void {
    if (this.figures !== figures) this.#next.of = undefined;
    this.set = set;
    this.figures = figures;
    this.remember();
  }
}

/** A store, replicas that take it over, relying parties that cache, and people who write. */
export class Fleet {
  #now = start;
  #figures: Figures = {
    jwksMaxAge: 60,
    keyRetention: 200,
    keySpread: spread,
    clockSkew: skew,
    propagationFloor: 0,
  };
  /** After lowering a figure, the old value has to pass before the next rotation. */
  #noRotationUntil = -Infinity;
  #raisedAt = -Infinity;
  readonly #versions: Version[] = [];
  readonly #replicas: Replica[] = [];
  readonly #seen = new Map<string, Seen>();
  /** Everything that a version revoked. */
  readonly #dead = new Set<string>();
  readonly #givenUp = new Set<Algorithm>();
  readonly #taken = { ES256: 0, EdDSA: 0 };
  #first: string | undefined;
  readonly writes = { all: 0, unions: 0 };

  constructor(readonly plan: Plan) {}

  async run(): Promise<void> {
    const first = await init(undefined, this.#context(0, madeOnce(this.#make)), 'ES256');
    this.#write((first as { keySet: KeySet }).keySet, 0);
    this.#first = this.#read().set.keys[0]!.thumbprint;
    for (const [index, clock] of this.plan.clocks.entries()) {
      const set = this.#read().set;
      this.#replicas.push(new Replica(index, clock, this.plan.polls[index]!, this.#figures, set, this.#now));
    }
    this.#look();
    for (const step of this.plan.steps) await this.#do(step);
    this.#pass(this.#figures.jwksMaxAge + this.#figures.keyRetention + 200);
  }

  async #do(step: Step): Promise<void> {
    switch (step.type) {
      case 'pass':
        return this.#pass(step.seconds);
      case 'act':
        return this.#act(step.act, step.ahead);
      case 'race':
        return this.#race(step.acts, step.ahead, step.lag);
      case 'restart':
        return this.#restart(step.replica % this.#replicas.length);
      case 'figures':
        return this.#change(step);
    }
  }

  readonly #make: MakeKey = (alg) => {
    const name = alg as 'ES256' | 'EdDSA';
    return { privateKey: pool[name][this.#taken[name]++]! };
  };

  #context(ahead: number, make: MakeKey): CommandContext {
    return { t: this.#now + ahead, figures: this.#commandFigures(), make };
  }

  /** Not below those of any server. */
  #commandFigures(): Figures {
    const all = [this.#figures, ...this.#replicas.map(({ figures }) => figures)];
    return {
      ...this.#figures,
      jwksMaxAge: Math.max(...all.map(({ jwksMaxAge }) => jwksMaxAge)),
      keyRetention: Math.max(...all.map(({ keyRetention }) => keyRetention)),
    };
  }

  /** What a reader makes of the newest version: what lies between it and its base is united. */
  #read(): Reading {
    const newest = this.#versions.length;
    const last = this.#lastRead?.version === newest ? this.#lastRead : this.#readVersion(newest);
    this.#lastRead = last;
    return last;
  }

  #lastRead: Reading | undefined;

  #readVersion(newest: number): Reading {
    let low = this.#versions[newest - 1]!.base;
    if (low === newest - 1) return { version: newest, set: this.#versions[newest - 1]!.set, united: [] };
    for (let version = newest; version > low; version--) {
      low = Math.min(low, this.#versions[version - 1]!.base);
    }
    const united = this.#versions.slice(low, newest).map(({ set }) => set) as [KeySet, ...KeySet[]];
    return { version: newest, set: unite(united), united };
  }

  async #run(act: Act, set: KeySet, context: CommandContext): Promise<Outcome> {
    if (act.type === 'rotate') return rotate(set, context, act);
    const { kid } = set.keys[act.key % set.keys.length]!;
    return act.type === 'revoke' ? revoke(set, kid, context, act) : retire(set, kid, context);
  }

  #isPermitted(act: Act): boolean {
    return act.type === 'revoke' || this.#now >= this.#noRotationUntil;
  }

  async #act(act: Act, ahead: number): Promise<void> {
    if (!this.#isPermitted(act)) return;
    const { set, version } = this.#read();
    const outcome = await this.#run(act, set, this.#context(ahead, madeOnce(this.#make)));
    this.#checkCommand(act, set, outcome);
    if (outcome.type === 'write') await this.#writeFrom(version, outcome.keySet, act, ahead);
    this.#look();
  }

  /** All read the same version, and write one after the other. */
  async #race(acts: readonly Act[], ahead: readonly number[], lag: number): Promise<void> {
    const read = this.#read();
    const makes = acts.map(() => madeOnce(this.#make));
    const outcomes: (Outcome | undefined)[] = [];
    for (const [index, act] of acts.entries()) {
      const context = this.#context(ahead[index]!, makes[index]!);
      outcomes.push(this.#isPermitted(act) ? await this.#run(act, read.set, context) : undefined);
    }
    for (const [index, act] of acts.entries()) {
      let outcome = outcomes[index];
      let { version } = read;
      if (outcome?.type !== 'write') continue;
      if (this.plan.compareAndSet && this.#versions.length !== version) {
        const again = this.#read();
        version = again.version;
        outcome = await this.#run(act, again.set, this.#context(ahead[index]!, makes[index]!));
        this.#checkCommand(act, again.set, outcome);
      }
      if (outcome.type === 'write') await this.#writeFrom(version, outcome.keySet, act, ahead[index]!, lag);
      this.#look();
      this.#pass(lag);
    }
  }

  async #writeFrom(base: number, set: KeySet, act: Act, ahead: number, lag = 0): Promise<void> {
    this.#write(set, base);
    this.#note(act);
    if (base === this.#versions.length - 1) return;
    this.#pass(lag);
    const { united, version } = this.#read();
    if (united.length === 0) return;
    const context = this.#context(ahead, madeOnce(this.#make));
    const outcome = await writeUnion(united as [KeySet, ...KeySet[]], context);
    this.writes.unions++;
    this.#write((outcome as { keySet: KeySet }).keySet, version);
  }

  #write(set: KeySet, base: number): void {
    this.writes.all++;
    const text = set.withBase(base).toText();
    const read = runNow(readKeySet(text, 'The document'));
    must(read.toText() === text, 'what is read is what was written');
    this.#versions.push({ set: read, base });
    const asRead = this.#read().set;
    const { signing } = stateAt({ set: asRead, figures: this.#figures }, this.#now);
    const canBoot = signing.size > 0 || asRead.keys.every(({ canSign }) => !canSign);
    must(canBoot, 'a document with a key that can sign boots');
    // Long after the last replica has changed over, with room for figures that were changed.
    const isLate = ({ nbf = 0, iat = 0 }: KeyOfSet) => this.#now > Math.max(nbf, iat + 200) + 60;
    for (const key of set.keys.filter(({ canSign }) => canSign)) {
      const newer = set.unrevokedOf(key.algorithm).filter(({ order }) => order > key.order);
      must(!newer.some(isLate), 'a private half goes after its time');
    }
    must(
      runNow(readKeySet(asRead.toText(), 'The union')).toText() === asRead.toText(),
      'a union can be read',
    );
    for (const { thumbprint, revoked } of set.keys) if (revoked) this.#dead.add(thumbprint);
    for (const key of asRead.keys) {
      must(!this.#dead.has(key.thumbprint) || key.revoked !== undefined, 'no write undoes a revocation');
      must(!key.revoked || !key.hasPrivateHalf, 'a revoked key has no private half');
    }
    for (const { thumbprint } of set.keys) {
      if (this.#seen.has(thumbprint)) continue;
      const unknownUntil = this.plan.clocks.map(() => Infinity);
      this.#seen.set(thumbprint, { unknownUntil, tokenUntil: -Infinity, isExcused: false });
    }
  }

  /** What people gave up on purpose. */
  #note(act: Act): void {
    const { set } = this.#read();
    for (const algorithm of set.algorithms) {
      const isAble = set.unrevokedOf(algorithm).some(({ canSign }) => canSign);
      // With the retired key revoked, nothing tells the algorithm from one that a revocation left without a key.
      if (isAble || set.unrevokedOf(algorithm).length === 0) this.#retired.delete(algorithm);
      else if (act.type === 'retire') this.#retired.add(algorithm);
    }
    for (const algorithm of set.algorithms) {
      const isAble = set.unrevokedOf(algorithm).some(({ canSign }) => canSign);
      if (!isAble && (act.type === 'retire' || (act.type === 'revoke' && act.noRotate))) {
        this.#givenUp.add(algorithm);
      }
    }
  }

  #checkCommand(act: Act, before: KeySet, outcome: Outcome): void {
    if (outcome.type !== 'write') return;
    const { keySet } = outcome;
    const isWaiting = (key: KeyOfSet) => !key.revoked && (key.nbf ?? 0) > this.#now + skew;
    for (const algorithm of keySet.algorithms) {
      must(keySet.of(algorithm).filter(isWaiting).length <= 1, 'at most one key of an algorithm waits');
    }
    if (act.type !== 'rotate' || act.algorithm !== undefined) return;
    for (const algorithm of this.#retiredIn(before)) {
      must(
        keySet.unrevokedOf(algorithm).every(({ canSign }) => !canSign),
        'what was retired is not taken up again by itself',
      );
    }
  }

  #retired = new Set<Algorithm>();

  #retiredIn(set: KeySet): Algorithm[] {
    return set.algorithms.filter((algorithm) => this.#retired.has(algorithm));
  }

  #restart(index: number): void {
    const { clock, poll, signed, served } = this.#replicas[index]!;
    const replica = new Replica(index, clock, poll, this.#figures, this.#read().set, this.#now);
    for (const algorithm of signed) replica.signed.add(algorithm);
    replica.served = served;
    this.#replicas[index] = replica;
    this.#look();
  }

  #change({ jwksMaxAge, keyRetention }: { jwksMaxAge: number; keyRetention: number }): void {
    const before = this.#figures;
    const isLower = jwksMaxAge < before.jwksMaxAge || keyRetention < before.keyRetention;
    const isHigher = jwksMaxAge > before.jwksMaxAge || keyRetention > before.keyRetention;
    // The `exp` of a key that signed while they were higher may be of the time before: it has to be gone first.
    if (isLower && this.#now < this.#raisedAt + 600) return;
    if (isHigher) this.#raisedAt = this.#now;
    this.#figures = { ...before, jwksMaxAge, keyRetention };
    const wait = Math.max(
      jwksMaxAge < before.jwksMaxAge ? before.jwksMaxAge : 0,
      keyRetention < before.keyRetention ? before.keyRetention : 0,
    );
    // The last replica has the new figures a spread later.
    if (wait > 0) this.#noRotationUntil = Math.max(this.#noRotationUntil, this.#now + wait + spread + skew);
  }

  /** Lets time pass, and looks at every instant at which something happens anywhere. */
  #pass(seconds: number): void {
    const end = this.#now + seconds;
    for (;;) {
      const polls = this.#replicas.map(({ nextPoll }) => nextPoll);
      const changes = this.#replicas.map((replica) => replica.nextChange(this.#now));
      const next = Math.min(...polls, ...changes, end);
      // Until just before, what signed goes on signing.
      this.#sign(next);
      this.#now = next;
      for (const replica of this.#replicas) {
        if (replica.nextPoll > this.#now) continue;
        replica.takeOver(this.#read().set, this.#figures);
        replica.nextPoll = this.#now + replica.poll;
      }
      this.#look();
      if (next >= end) return;
    }
  }

  /** Every replica signs a token of the longest life that is allowed, by each key that signs. */
  #sign(until: number): void {
    for (const replica of this.#replicas) {
      for (const key of replica.at(this.#now).signing.values()) {
        const seen = this.#seen.get(key.thumbprint)!;
        seen.tokenUntil = Math.max(seen.tokenUntil, until + replica.figures.keyRetention);
      }
    }
  }

  #look(): void {
    const states = this.#replicas.map((replica) => replica.at(this.#now));
    for (const [index, replica] of this.#replicas.entries()) {
      const state = states[index]!;
      this.#lookAtPublication(replica, state);
      this.#lookAtMemory(replica, state);
    }
    for (const [index, replica] of this.#replicas.entries()) this.#lookAtSigners(replica, states[index]!);
    this.#sign(this.#now);
  }

  #lookAtPublication(replica: Replica, { published }: StateAt): void {
    const { index, revoked, served, figures } = replica;
    replica.served = figures.jwksMaxAge;
    const thumbprints = new Set([...published].map(({ thumbprint }) => thumbprint));
    for (const [thumbprint, seen] of this.#seen) {
      if (thumbprints.has(thumbprint)) {
        must(!revoked.has(thumbprint), 'a revoked key is not published');
        if (seen.unknownUntil[index] === Infinity) seen.unknownUntil[index] = this.#now + served;
        continue;
      }
      // A key made in an emergency signs before this replica has read of it.
      const wasPublished = seen.unknownUntil[index] !== Infinity;
      seen.unknownUntil[index] = Infinity;
      must(
        !wasPublished ||
          this.#dead.has(thumbprint) ||
          this.#now >= seen.tokenUntil ||
          this.#isBehind(replica, thumbprint),
        'what is published stays until its last token has expired',
      );
    }
  }

  /** A revocation brings a key back just when its time is over, and this replica has not read of it yet. */
  #isBehind({ set }: Replica, thumbprint: string): boolean {
    const head = this.#read().set;
    const key = head.named(thumbprint);
    if (!key || set === head) return false;
    const { published } = stateAt({ set: head, figures: this.#figures }, this.#now);
    return published.has(key) && head.of(key.algorithm).some(({ revoked }) => revoked);
  }

  /** A process that has just started makes the same of the document. */
  #lookAtMemory({ set, figures, clock }: Replica, state: StateAt): void {
    const fresh = stateAt({ set, figures }, this.#now + clock);
    const kids = ({ published, signing }: StateAt) =>
      [...published, ...signing.values()].map(({ kid }) => kid).join();
    must(kids(fresh) === kids(state), 'replicas with one document agree');
  }

  #lookAtSigners(replica: Replica, { signing, published }: StateAt): void {
    for (const [algorithm, key] of signing) {
      // Where nothing signs at all, a key that waits does until something else can.
      const isReplacement = replica.set
        .of(algorithm)
        .some(({ revoked }) => revoked && revoked.revoked_at > (key.iat ?? 0));
      if (!isReplacement && (key.nbf ?? 0) > this.#now + replica.clock) continue;
      replica.signed.add(algorithm);
      // One that was revoked or retired meanwhile signs here a little longer.
      if (this.#read().set.named(key.thumbprint)?.canSign) this.#givenUp.delete(algorithm);
    }
    for (const algorithm of replica.signed) {
      if (signing.has(algorithm)) continue;
      must(
        this.#isGivenUp(algorithm, replica),
        `an algorithm that signed goes on signing: ${this.#now - start} ${algorithm.names[0]} at ${replica.index} of ${told(replica.set)}; versions ${this.#versions.map(({ set, base }) => `${base}: ${told(set)}`).join(' || ')}`,
      );
      replica.signed.delete(algorithm);
    }
    for (const key of signing.values()) {
      must(published.has(key), 'what signs is published');
      must(
        this.#isKnown(key) || this.#isEmergency(key, replica),
        `a key signs when every cache knows it, or nothing else can: ${this.#now - start} ${key.kid} at ${replica.index} of ${told(replica.set)}`,
      );
    }
  }

  #isGivenUp(algorithm: Algorithm, { set, figures, clock }: Replica): boolean {
    if (this.#givenUp.has(algorithm)) return true;
    // A server that was given a longer `max-age` lets the first key of a further algorithm wait once more.
    const able = set.unrevokedOf(algorithm).filter(({ canSign }) => canSign);
    const isYoung = ({ iat = 0 }: KeyOfSet) => iat + propagationOf(figures) > this.#now + clock;
    if (this.#raisedAt > 0 && able.every(isYoung)) return true;
    // Somebody else has given it up since; or this replica has not read that somebody took it up again.
    return set.unrevokedOf(algorithm).every(({ canSign }) => !canSign);
  }

  #isKnown({ thumbprint }: KeyOfSet): boolean {
    return this.#seen.get(thumbprint)!.unknownUntil.every((until) => until <= this.#now);
  }

  #isEmergency(key: KeyOfSet, { set }: Replica): boolean {
    // Of a key that is revoked elsewhere already no token is honoured, whoever signs it.
    const seen = this.#seen.get(key.thumbprint)!;
    if (this.#dead.has(key.thumbprint) || seen.isExcused) return true;
    const others = set.unrevokedOf(key.algorithm).filter((other) => other !== key && other.canSign);
    if (others.some((other) => this.#isKnown(other))) return false;
    const isReplacement = set.of(key.algorithm).some(({ revoked }) => revoked);
    // A key that is not known everywhere is better than none.
    const isLast = set.keys.every((other) => other === key || !other.canSign || !this.#isKnown(other));
    seen.isExcused = key.thumbprint === this.#first || isReplacement || isLast;
    return seen.isExcused;
  }
}
