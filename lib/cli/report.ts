import { propagationOf } from '../core/key-set/figures.js';
import type { Figures } from '../core/key-set/figures.js';
import { utc } from '../core/key-set/instants.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { viewOfKeySet } from '../core/key-set/key-set-view.js';
import { statusJson } from '../core/key-set/status-json.js';
import { runCommand } from '../stores/run-command.js';
import type { Act, Done, Workplace } from '../stores/run-command.js';
import { StandardStreams } from '../stores/standard-streams.js';
import { CommandLineError } from './command-line-error.js';

/** What a command says beside what happens to each key: of a key set that it changed. */
export type Consequences = (before: KeySet, after: KeySet, t: number) => readonly string[];

interface Reported {
  readonly json?: true | undefined;
  readonly consequences?: Consequences;
}

/** Runs a command and says what it did. With standard streams, what is printed there is the key set and nothing else. */
export async function runAndReport(
  place: Workplace,
  act: Act,
  { json, consequences }: Reported = {},
): Promise<void> {
  const done = await runCommand(place, act);
  const { outcome, before, t } = done;
  if (outcome.type === 'refused') {
    throw new CommandLineError(outcome.code, printable(`${place.decryption.where}: ${outcome.sentence}`));
  }
  const hasChanged = outcome.type === 'write' && before !== undefined;
  const sentences = [
    ...outcome.sentences,
    ...(hasChanged && consequences ? consequences(before, outcome.keySet, t) : []),
  ];
  const text = json ? jsonOf(place, done, sentences) : textOf(place, done, sentences);
  if (place.store instanceof StandardStreams) {
    process.stderr.write(text);
    process.stdout.write(place.store.output);
  } else {
    process.stdout.write(text);
  }
}

function textOf(place: Workplace, done: Done, sentences: readonly string[]): string {
  const lines = [headline(place, done), ...sentences, timingText(place.figures)];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function headline({ store, decryption, isDryRun }: Workplace, { outcome }: Done): string {
  if (outcome.type !== 'write') return 'Nothing was due, and nothing was written.';
  if (isDryRun) return 'Nothing was written, since this is a dry run. It would come to this:';
  return store instanceof StandardStreams
    ? 'The key set on standard output is to take the place of the one that was read.'
    : `${decryption.where} was written.`;
}

function jsonOf({ figures, isDryRun }: Workplace, done: Done, sentences: readonly string[]): string {
  const { outcome, before, t } = done;
  const isWrite = outcome.type === 'write';
  const keySet = isWrite ? outcome.keySet : before;
  const { keys = [] } = keySet ? statusJson(viewOfKeySet({ set: keySet, figures }, t), []) : {};
  const result = {
    outcome: isWrite ? (isDryRun ? 'dry run' : 'written') : 'nothing due',
    now: utc(t),
    timing: timingJson(figures),
    sentences,
    keys,
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}

export function timingText(figures: Figures): string {
  const { jwksMaxAge, keyRetention, keySpread, clockSkew } = figures;
  return (
    `Timing in seconds: max-age ${jwksMaxAge}, retention ${keyRetention}, spread ${keySpread}, clock skew ${clockSkew}. ` +
    `A new key signs ${propagationOf(figures)} after it was written.`
  );
}

export function timingJson(figures: Figures): Record<string, number> {
  const { jwksMaxAge, keyRetention, keySpread, clockSkew } = figures;
  const propagation = propagationOf(figures);
  return { maxAge: jwksMaxAge, retention: keyRetention, spread: keySpread, clockSkew, propagation };
}

/** A kid may be any text; a terminal obeys some of it. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
