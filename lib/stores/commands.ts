import type { SigningAlgorithm } from '../core/algorithms.js';
import { init } from '../core/key-set/init.js';
import { OidcKeyError } from '../core/errors.js';
import { withEnds } from '../core/key-set/complete.js';
import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { retire } from '../core/key-set/retire.js';
import { revoke } from '../core/key-set/revoke.js';
import type { Proof, RevokeOptions } from '../core/key-set/revoke.js';
import { rotate, sentencesAboutPlain } from '../core/key-set/rotate.js';
import type { RotateOptions } from '../core/key-set/rotate.js';
import { viewOfKeySet } from '../core/key-set/key-set-view.js';
import type { KeySetView } from '../core/key-set/key-set-view.js';
import { adviceFor } from '../core/key-set/safe-now.js';
import type { Advice } from '../core/key-set/safe-now.js';
import { unite } from '../core/key-set/unite.js';
import { RevocationList } from '../core/ring/revocation-list.js';
import { isUnset } from '../core/reading/text.js';
import { commandResult } from './command-result.js';
import type { CommandResult } from './command-result.js';
import { CommandRefusedError } from './command-refused-error.js';
import { KeyStoreError } from './key-store.js';
import { afterRetirement, afterRevocation } from './consequences.js';
import { adviceOfKms } from './kms-advice.js';
import { runCommand } from './run-command.js';
import type { Act, Done, Workplace } from './run-command.js';
import { sayingMore } from './saying-more.js';
import { aboutStandIns, provingOnce } from './stand-ins.js';
import { StoreReferenceError } from './store-reference-error.js';
import { noKeySentence } from './store-refusals.js';
import { openStored, readKeys } from './stored-key-set.js';
import { takeOver } from './take-over.js';
import { usualClock, versionsOf } from './versions.js';
import type { StoreOfKeys } from './versions.js';

/** Every command as a function: what the command line, a scheduled function and a server run is one and the same. */

/** Puts the first key into a store where there is none, or takes over keys that exist, under their kids. */
export function initIn(
  place: Workplace,
  {
    algorithm,
    from,
  }: { readonly algorithm?: SigningAlgorithm | undefined; readonly from?: KeySet | undefined },
): Promise<CommandResult> {
  let taken: Promise<KeySet> | undefined;
  return run(place, async (set, context) => {
    if (!from) return init(set, context, algorithm);
    // What is there already stays as it is, and nothing is taken to a KMS for it.
    if (set || place.isDryRun) return takeOver(set, from, context);
    taken ??= place.elsewhere?.take(from) ?? Promise.resolve(from);
    return takeOver(set, await taken, context);
  });
}

/** Adds the key that signs next. */
export async function rotateIn(
  place: Workplace,
  { prune = false, ...options }: RotateOptions & { readonly prune?: boolean | undefined } = {},
): Promise<CommandResult> {
  let before: KeySet | undefined;
  const result = await run(place, (set, context) => {
    before = set;
    return rotate(set, context, options);
  }).catch((error: unknown) => {
    const isWaiting = error instanceof CommandRefusedError && error.code === 'KEY_WAITS';
    throw prune && isWaiting ? sayingMore(error, pruneAlone) : error;
  });
  if (!prune || place.isDryRun) return result;
  const sentence = await destroyOldVersions(place).catch((error: unknown) => {
    throw sayingMore(error, `${whatIsDone(result, before)} ${pruneAlone}`);
  });
  return { ...result, sentences: [...result.sentences, sentence] };
}

const pruneAlone =
  '`rotate --prune --every 90d` destroys older versions, and makes a key only where one is due.';

/** What stays as it is although nothing was destroyed. */
function whatIsDone({ outcome, keys }: CommandResult, before: KeySet | undefined): string {
  if (outcome !== 'written') return 'No key was due, and the key set is as it was.';
  const added = (keys as readonly { readonly kid: string }[]).flatMap(({ kid }) =>
    before?.named(kid) ? [] : kid,
  );
  const names =
    added.length === 0 ? 'no new key' : `the new ${added.length === 1 ? 'key' : 'keys'} ${added.join(', ')}`;
  return `The key set was written before that, with ${names}; \`status\` shows it.`;
}

/** Makes a key worthless at once, and keeps it from signing where it is. */
export async function revokeIn(
  place: Workplace,
  name: string,
  options: RevokeOptions,
): Promise<CommandResult> {
  const { figures, elsewhere } = place;
  let key: KeyOfSet | undefined;
  const proofs = new Map<string, Promise<Proof>>();
  const prove = elsewhere && provingOnce((each) => elsewhere.prove(each), proofs);
  const result = await run(
    place,
    async (set, context) => {
      key = set?.named(name);
      try {
        return await revoke(set, name, context, { ...options, prove });
      } catch (error) {
        const isKnown = [KeyStoreError, OidcKeyError, StoreReferenceError].some(
          (type) => error instanceof type,
        );
        if (!isKnown || !(error instanceof Error)) throw error;
        // A revocation does not wait for the KMS in which the next key would be made, nor for its name to be mended.
        const outcome = await revoke(set, name, context, { ...options, noRotate: true, prove });
        if (outcome.type === 'refused') throw error;
        const why = `No key was made in its place: ${error.message} Make one with \`rotate --to\`.`;
        return { ...outcome, sentences: [...outcome.sentences, why] };
      }
    },
    (before, after, t) => [
      ...sentencesAboutPlain(before),
      ...afterRevocation({ before, after, name, t, figures }),
    ],
  );
  const warnings = await aboutStandIns(proofs, result);
  const told = { ...result, sentences: [...result.sentences, ...warnings] };
  // Last: a server that signs with it until it sees the revocation signs what nobody accepts. Again where it was revoked
  // before, since the KMS may have been away then.
  if (place.isDryRun || !elsewhere || key?.signer === undefined) return told;
  const sentence = await elsewhere.disable(key.signer, key.verificationKey?.publicKey);
  return { ...told, sentences: [...told.sentences, sentence] };
}

/** Gives up an algorithm. */
export function retireIn(place: Workplace, name: string): Promise<CommandResult> {
  const { figures } = place;
  return run(
    place,
    (set, context) => retire(set, name, context),
    (before, after, t) => [
      ...sentencesAboutPlain(before),
      ...afterRetirement({ before, after, name, t, figures }),
    ],
  );
}

/** The keys of a store as they are, and what is safe to do now. */
export async function statusIn(
  place: Workplace,
): Promise<{ readonly view: KeySetView; readonly advice: readonly Advice[] }> {
  const { figures, clock = usualClock } = place;
  const whole = await keysIn(place, openStored);
  if (!whole) {
    throw new CommandRefusedError(
      'KEY_SET_MISSING',
      place.store.kms
        ? noKeySentence(place.decryption.where)
        : `${place.decryption.where}: There are no keys yet. \`npx nestjs-oidc-key init\` makes the first one.`,
    );
  }
  const t = clock();
  if (!place.store.kms) {
    return { view: viewOfKeySet({ set: whole, figures }, t), advice: adviceFor(whole, t, figures) };
  }
  const { kids, name } = place.revokedKids ?? { kids: [], name: 'OIDC_REVOKED_KIDS' };
  const revoked = new RevocationList(kids);
  const isRevokedElsewhere = (key: KeyOfSet) => revoked.names(key);
  const view = viewOfKeySet({ set: whole, figures, isRevokedElsewhere }, t);
  return { view, advice: adviceOfKms(view, name) };
}

/**
 * The keys of a store that somebody names and vouches for, to be taken over into another. They may be plain.
 *
 * @throws CommandRefusedError `KEY_SET_MISSING`
 */
export async function keysToTakeOver(place: StoreOfKeys): Promise<KeySet> {
  const set = await keysIn(place, (text, decryption) =>
    isUnset(text) ? Promise.resolve(undefined) : readKeys(text, decryption),
  );
  if (set) return set.withBase(undefined);
  throw new CommandRefusedError(
    'KEY_SET_MISSING',
    `${place.decryption.where}: There are no keys that could be taken over.`,
  );
}

async function keysIn(place: StoreOfKeys, open: typeof openStored): Promise<KeySet | undefined> {
  const { store, decryption, figures } = place;
  const found = await store.read();
  // What a KMS holds is never encrypted, and nothing private is in it.
  const set =
    found &&
    (await open(found.text, store.kms ? { where: decryption.where, passphrase: undefined } : decryption));
  if (!set) return undefined;
  if (store.kms) return withEnds(set, figures);
  const [first = set, ...others] = await versionsOf(place, found, set);
  return others.length === 0 ? first : unite([first, ...others]);
}

/** What a command says beside what happens to each key: of a key set that it changed. */
type Consequences = (before: KeySet, after: KeySet, t: number) => readonly string[];

async function run(place: Workplace, act: Act, consequences?: Consequences): Promise<CommandResult> {
  // Before anything is made for it.
  if (place.store.kms) await place.store.write('', undefined);
  const done = await runCommand(place, act);
  const { outcome } = done;
  const why = outcome.type === 'refused' ? '' : ', since somebody else was faster';
  const unused = await Promise.all(
    (done.unused ?? []).map(async ({ signer, publicKey }) => {
      const sentence = await place.elsewhere!.disable(signer, publicKey);
      return `${signer} was made and is not needed${why}. ${sentence}`;
    }),
  );
  if (outcome.type === 'refused') {
    const sentences = [`${place.decryption.where}: ${outcome.sentence}`, ...unused];
    throw new CommandRefusedError(outcome.code, sentences.join(' '));
  }
  const forServers = outcome.type === 'write' ? (place.elsewhere?.sentencesForServers() ?? []) : [];
  return commandResult(place, done, [
    ...outcome.sentences,
    ...consequencesOf(done, consequences),
    ...unused,
    ...forServers,
  ]);
}

function consequencesOf({ outcome, before, t }: Done, consequences?: Consequences): readonly string[] {
  if (outcome.type !== 'write' || !before || !consequences) return [];
  return consequences(before, outcome.keySet, t);
}

async function destroyOldVersions(place: Workplace): Promise<string> {
  const { store, decryption } = place;
  const { where } = decryption;
  const found = await store.read();
  const set = found && (await openStored(found.text, decryption));
  if (!store.destroyBefore || !set) return `${where} keeps no older versions that could be destroyed.`;
  // What was written beside the newest stands in no other version, be it a revocation.
  if (store.between && (await versionsOf(place, found, set)).length > 1) {
    return `No older version of ${where} was destroyed, since somebody else writes at this moment. Run it again.`;
  }
  const count = await store.destroyBefore(found.version);
  if (typeof count === 'string') return count;
  return count === 0
    ? `No older version of ${where} was left to destroy.`
    : `${count} older ${count === 1 ? 'version' : 'versions'} of ${where} ${count === 1 ? 'was' : 'were'} destroyed.`;
}
