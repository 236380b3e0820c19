import type { KeySetView } from './key-set-view.js';
import type { Advice } from './safe-now.js';
import { printable } from './naming.js';
import { shortKids, statusTable } from './status-table.js';
import { timeline } from './timeline.js';
import type { DrawingOptions } from './timeline.js';
import { utc } from './instants.js';

/** How it is printed. */
export interface StatusTextOptions extends DrawingOptions {
  /** Where the store makes keys by itself, the clock is not all that changes something. */
  readonly rotatesItself?: boolean | undefined;
}

/** What `status` prints: a table, the lives of the keys as lines, what is safe now, and what to look at. */
export function statusText(
  view: KeySetView,
  advice: readonly Advice[],
  { rotatesItself, ...drawing }: StatusTextOptions,
): string {
  const parts = [
    statusTable(view),
    timeline(view, drawing),
    wholeKids(view),
    adviceText(advice),
    lastLines(view, rotatesItself),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The other commands take a kid whole. */
function wholeKids(view: KeySetView): string {
  return [...shortKids(view)]
    .filter(([kid, short]) => short !== printable(kid))
    .map(([kid, short]) => `${short} is ${printable(kid)}`)
    .join('\n');
}

function adviceText(advice: readonly Advice[]): string {
  return advice
    .map(({ command, isSafe, why }) => `${isSafe ? 'safe now:' : 'not now: '} ${command}: ${why}`)
    .join('\n');
}

function lastLines(
  { withoutSigner, nextChange, warnings }: KeySetView,
  rotatesItself: boolean | undefined,
): string {
  const nothing = rotatesItself
    ? 'Nothing changes before the KMS has another key or version.'
    : 'Nothing changes by itself.';
  return [
    nextChange === undefined ? nothing : `Next change: ${utc(nextChange)}.`,
    ...withoutSigner.map(({ names: [alg] }) => `No key signs for ${alg}.`),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n');
}
