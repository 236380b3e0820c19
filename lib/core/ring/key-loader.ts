import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import type { OpenSigners } from '../key/remote-signers.js';
import type { SignerLog } from '../key/signer-log.js';
import { refuseSameTwice } from '../key/same-twice.js';
import { pause, runLater, runNow } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { VerificationKey } from '../key/verification-key.js';
import type { KeySet } from '../key-set/key-set.js';
import { instantIn } from '../reading/instant.js';
import type { KeySlots } from '../reading/key-slots.js';
import { missing } from '../reading/missing-key.js';
import type { NamedValue } from '../reading/named-value.js';
import { isUnset } from '../reading/text.js';
import type { Figures } from '../key-set/figures.js';
import { checkLives, noneLeft } from './check-lives.js';
import { defaultAlgorithmAmong, noneToSign } from './default-algorithm.js';
import { Fingerprints } from './fingerprints.js';
import { slotNames, withoutRevoked } from './life.js';
import type { IsRevoked, KeyInSlot, Life, Lives, Slot } from './life.js';
import { keysOf } from './keys-of-value.js';
import type { LoadedValue } from './keys-of-value.js';
import { had, memberOf, refuseUnsoundSlots, revocationsIn } from './members-of-slots.js';
import { namesOf } from './revocation-list.js';
import { defaultFigures } from './key-set-ring.js';
import { SharedPrimes } from './shared-primes.js';

/** What a loader has to know beside the values. */
export interface LoadContext {
  /** The option "algorithm". */
  readonly algorithm?: SigningAlgorithm | undefined;
  /** The keys that are revoked, whether the values name them or not. */
  readonly isRevoked?: IsRevoked;
  /** The keys that are published already; undefined where none are, at a boot. */
  readonly published?: readonly KeyInSlot[];
  /** What opens keys that are held elsewhere. Without it a key set that has one is refused. */
  readonly signers?: OpenSigners | undefined;
  /** Told where a signer that configuration gives fails, and signs again. */
  readonly log?: SignerLog | undefined;
  /** By which it is told which key signs. Default: those of a server that is told nothing. */
  readonly figures?: Figures | undefined;
  /** Whether a key of this process was revoked. */
  readonly hasRevoked?: boolean;
}

/**
 * Loads what a source has: opens every key, has every private one sign once, and checks all of them as a whole. A value
 * that is the same as last time is not opened again.
 */
export class KeyLoader {
  /** What the last load that succeeded found, and what the last one that failed opened. */
  #loaded: ReadonlyMap<string, LoadedValue> = new Map();
  #opened = new Map<string, LoadedValue>();
  /** Keys that were compared with each other. */
  #compared: ReadonlySet<VerificationKey> = new Set();
  readonly #fingerprints = new Fingerprints();
  readonly #sharedPrimes = new SharedPrimes();

  /** Rejects with whatever is wrong with a value, and then remembers what it remembered before. */
  load(slots: KeySlots, context: LoadContext): Promise<Lives> {
    return runLater(this.#livesOf(slots, context));
  }

  /** The same for a constructor, which cannot wait. */
  loadNow(slots: KeySlots, context: LoadContext): Lives {
    return runNow(this.#livesOf(slots, context));
  }

  *#livesOf(slots: KeySlots, context: LoadContext): Steps<Lives> {
    refuseUnsoundSlots(slots);
    const passphrase = memberOf(slots, 'passphrase');
    const openedBefore = this.#opened;
    // A load that fails is tried again, and must not decrypt again what it decrypted.
    const loaded = (this.#opened = new Map<string, LoadedValue>());
    const lives: Life[] = [];
    const revoked = revocationsIn(slots);
    const { signers, log, figures = defaultFigures, isRevoked = () => false } = context;
    const givenWithKeys = {
      passphrase,
      signers,
      log,
      figures,
      isRevoked: (key: VerificationKey) => revoked.names(key) || isRevoked(key),
    };
    const warnings = warningsAbout(passphrase);
    const signsFrom = this.#instantIn(slots);
    let keySet: KeySet | undefined;
    for (const slot of slotNames) {
      const value = memberOf(slots, slot);
      // The option "key" that is undefined is a mistake to report, where another slot may be empty.
      if (isUnset(had(value))) continue;
      const role = slot === 'previous' ? 'verifies' : 'signs';
      const given = [value.value, value.about.alias?.value, passphrase.value];
      const fingerprint = this.#fingerprints.of([role, value.where, ...given]);
      const known = this.#loaded.get(fingerprint) ?? openedBefore.get(fingerprint);
      const found = known ?? (yield* keysOf(slot, value, givenWithKeys));
      loaded.set(fingerprint, found);
      const instant = slot === 'next' ? signsFrom : undefined;
      warnings.push(...found.warnings, ...warningsAbout(value));
      if (found.keySet) keySet = found.keySet;
      else for (const { key, signer } of found.keys) lives.push({ key, signer, slot, signsFrom: instant });
    }
    // Comparing and checking a thousand keys take a turn each.
    yield pause;
    const whole = keySet
      ? yield* this.#wholeKeySet(slots, { keySet, lives, warnings }, context)
      : yield* this.#whole(slots, lives, warnings, context);
    this.#loaded = loaded;
    return whole;
  }

  *#whole(
    slots: KeySlots,
    lives: readonly Life[],
    warnings: readonly string[],
    { algorithm, isRevoked = () => false, published, hasRevoked = false }: LoadContext,
  ): Steps<Lives> {
    const current = memberOf(slots, 'current');
    const revoked = revocationsIn(slots);
    // Whoever knows one of its names knows the key.
    const gone = new Set(lives.flatMap(({ key }) => (revoked.names(key) ? key.thumbprint : [])));
    const isGone = (key: VerificationKey) => gone.has(key.thumbprint) || isRevoked(key);
    const names = new Set(lives.flatMap(({ key }) => namesOf(key)));
    const isEmpty = !lives.some(({ slot }) => slot === 'current');
    // Without a current key, something has to say that it was revoked: a process knows, a boot takes it from the list.
    const isExplained = published
      ? hasRevoked || published.some(({ key }) => revoked.names(key))
      : revoked.unknown((name) => names.has(name)).length > 0;
    const nextStandsIn = isEmpty && isExplained;
    const standIn =
      `${current.where} holds no key, and a revoked kid names none that is configured: a next key signs in its place. ` +
      'Make it the current key';
    const whole = { lives, nextStandsIn, warnings: nextStandsIn ? [...warnings, standIn] : warnings };
    const left = withoutRevoked(whole, isGone);
    const signing = algorithmsOf(isEmpty ? left : lives, 'current');
    if (signing.length === 0) throw current.about.absence ?? missing(current.where);
    yield pause;
    checkLives(left);
    yield pause;
    yield* this.#compare([...left, ...(published ?? [])].map(({ key }) => key));
    const defaultAlgorithm = defaultAlgorithmAmong(signing, algorithm);
    if (!defaultAlgorithm) throw noneToSign(current.where, algorithm);
    return { ...whole, defaultAlgorithm };
  }

  /** A key set names no slots: what signs is found from its instants and the clock, whenever somebody asks. */
  *#wholeKeySet(
    slots: KeySlots,
    { keySet, lives, warnings }: KeySetAndMore,
    { algorithm, isRevoked = () => false, published = [] }: LoadContext,
  ): Steps<Lives> {
    const { where } = memberOf(slots, 'current');
    refuseBeside(slots, where);
    const revoked = revocationsIn(slots);
    const left = keySet.keys.flatMap(({ verificationKey: key, canSign }) =>
      key && !revoked.names(key) && !isRevoked(key) ? [{ key, canSign }] : [],
    );
    const signing = keySet.algorithms.filter((each) =>
      left.some(({ key, canSign }) => canSign && key.algorithm === each),
    );
    if (signing.length === 0) throw noneLeft(where);
    const keys = left.map(({ key }) => key);
    const previous = withoutRepeated(lives, keys).filter(({ key }) => !revoked.names(key) && !isRevoked(key));
    refuseSameTwice([...keys, ...previous.map(({ key }) => key)]);
    yield pause;
    yield* this.#compare([...keys, ...[...previous, ...published].map(({ key }) => key)]);
    const defaultAlgorithm = defaultAlgorithmAmong(signing, algorithm);
    if (!defaultAlgorithm) throw noneToSign(where, algorithm);
    return { keySet, lives, defaultAlgorithm, nextStandsIn: false, warnings };
  }

  *#compare(keys: readonly VerificationKey[]): Steps<void> {
    const all = new Set(keys);
    yield* this.#sharedPrimes.refuse(this.#compared, [...all]);
    this.#compared = all;
  }

  #instantIn(slots: KeySlots): number | undefined {
    const value = memberOf(slots, 'nextActivatesAt');
    return instantIn(had(value), value.where);
  }
}

type KeySetAndMore = Pick<Lives, 'lives' | 'warnings'> & { readonly keySet: KeySet };

/** A key set has all instants. Other keys beside it may be of earlier only. */
function refuseBeside(slots: KeySlots, where: string): void {
  const beside = (['next', 'nextActivatesAt'] as const)
    .map((member) => memberOf(slots, member))
    .find((each) => !isUnset(had(each)));
  if (!beside) return;
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `${where} is a key set, which has the next keys and their instants in it, and ${beside.where} is set beside it. ` +
      `Remove ${beside.where}.`,
  );
}

/** A previous key that came into the key set meanwhile is the same one. */
function withoutRepeated(lives: readonly Life[], keys: readonly VerificationKey[]): readonly Life[] {
  const known = new Set(keys.map(({ publicJson }) => publicJson));
  return lives.filter(({ key }) => !known.has(key.publicJson));
}

function warningsAbout({ about }: NamedValue): string[] {
  return [about.warning, about.alias?.about.warning].filter((warning) => warning !== undefined);
}

function algorithmsOf(lives: readonly Life[], wanted: Slot): Algorithm[] {
  return [...new Set(lives.flatMap(({ key, slot }) => (slot === wanted ? key.algorithm : [])))];
}
