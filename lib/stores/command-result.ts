import { propagationOf } from '../core/key-set/figures.js';
import type { Figures } from '../core/key-set/figures.js';
import { utc } from '../core/key-set/instants.js';
import { viewOfKeySet } from '../core/key-set/key-set-view.js';
import { statusJson } from '../core/key-set/status-json.js';
import type { Done, Workplace } from './run-command.js';

/** What a command reckoned with, in seconds. None may be below what the servers have. */
export interface CommandTiming {
  /** How long relying parties may cache the JWKS. */
  readonly maxAge: number;
  /** How long a key stays published after it stopped signing. */
  readonly retention: number;
  /** The longest time until the last replica has taken over a change. */
  readonly spread: number;
  /** How far clocks may differ. */
  readonly clockSkew: number;
  /** How long a new key is published before it signs. */
  readonly propagation: number;
}

/** What a command came to; the same that `--json` prints. It can be written as JSON, and holds nothing private. */
export interface CommandResult {
  readonly outcome: 'written' | 'dry run' | 'nothing due';
  /** The instant at which it was decided: ISO 8601, in UTC. */
  readonly now: string;
  readonly timing: CommandTiming;
  /** What was done, and for each key what will happen when. */
  readonly sentences: readonly string[];
  /** Each key with its state and its life. */
  readonly keys: readonly object[];
}

export function commandResult(
  { figures, isDryRun }: Pick<Workplace, 'figures' | 'isDryRun'>,
  { outcome, before, t }: Done,
  sentences: readonly string[],
): CommandResult {
  const isWrite = outcome.type === 'write';
  const keySet = isWrite ? outcome.keySet : before;
  const { keys } = keySet ? statusJson(viewOfKeySet({ set: keySet, figures }, t), []) : { keys: [] };
  return {
    outcome: isWrite ? (isDryRun ? 'dry run' : 'written') : 'nothing due',
    now: utc(t),
    timing: commandTiming(figures),
    sentences,
    keys: keys as readonly object[],
  };
}

export function commandTiming(figures: Figures): CommandTiming {
  const { jwksMaxAge, keyRetention, keySpread, clockSkew } = figures;
  const propagation = propagationOf(figures);
  return { maxAge: jwksMaxAge, retention: keyRetention, spread: keySpread, clockSkew, propagation };
}
