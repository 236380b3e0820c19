import { utc } from './instants.js';
import type { KeySetView } from './key-set-view.js';
import type { Span, StateOfKey } from './lifeline.js';
import { shortKids } from './status-table.js';

/** How a drawing is made. */
export interface DrawingOptions {
  /** Characters in a line. */
  readonly width: number;
  /** Only characters that every terminal has. */
  readonly ascii?: boolean | undefined;
}

type Strokes = Readonly<Record<StateOfKey, string>>;

const lines: Strokes = { unborn: ' ', waits: '─', signs: '█', previous: '─', revoked: '×', gone: ' ' };
const ascii: Strokes = { unborn: ' ', waits: '-', signs: '#', previous: '-', revoked: 'x', gone: ' ' };

const narrowest = 20;

/**
 * The lives of all keys as lines over one time: published, signing, revoked. Before the mark is what was, behind it what
 * will be if nothing is written.
 */
export function timeline(view: KeySetView, { width, ascii: isAscii = false }: DrawingOptions): string {
  const strokes = isAscii ? ascii : lines;
  const kids = shortKids(view);
  const names = view.keys.map(({ key }) => `${kids.get(key.kid)!} ${key.alg}`);
  const margin = Math.max(...names.map(({ length }) => length)) + 1;
  const columns = Math.max(width - margin, narrowest);
  const scale = scaleOf(view, columns);
  const now = scale.columnOf(view.now);
  const rows = view.keys.map(({ line }, index) => {
    const cells = Array.from({ length: columns }, (_, column) => strokes[scale.stateAt(line, column)]);
    return `${names[index]!.padEnd(margin)}${cells.join('').trimEnd()}`;
  });
  const mark = markAt(margin + now, margin + columns, isAscii ? '^' : '▲', utc(view.now));
  const ends = `${utc(scale.from)} to ${utc(scale.until)}, ${describe(strokes)}`;
  return [...rows, mark, ends].join('\n');
}

/** The instant stands behind the mark, or before it where the line has no room. */
function markAt(column: number, width: number, mark: string, instant: string): string {
  const fits = column + 2 + instant.length <= width || column < instant.length + 1;
  return fits ? `${' '.repeat(column)}${mark} ${instant}` : `${`${instant} `.padStart(column)}${mark}`;
}

function describe(strokes: Strokes): string {
  return `${strokes.signs} signs  ${strokes.waits} published  ${strokes.revoked} revoked`;
}

interface Scale {
  readonly from: number;
  readonly until: number;
  readonly columnOf: (instant: number) => number;
  readonly stateAt: (line: readonly Span[], column: number) => StateOfKey;
}

/** From the first instant to the last, with some room, so that what has no beginning or end can be seen. */
function scaleOf({ keys, now }: KeySetView, columns: number): Scale {
  const instants = keys
    .flatMap(({ line }) => line.flatMap(({ from, until }) => [from, until]))
    .filter((instant) => Number.isFinite(instant));
  const first = Math.min(now, ...instants);
  const last = Math.max(now, ...instants);
  const room = Math.max(Math.ceil((last - first) / columns), 1) * 2;
  const [from, until] = [first - room, last + room];
  const step = (until - from) / columns;
  const columnOf = (instant: number) => Math.min(Math.floor((instant - from) / step), columns - 1);
  return {
    from,
    until,
    columnOf,
    // A state that is shorter than a column shows all the same, where it signs.
    stateAt: (line, column) => {
      const [start, end] = [from + column * step, from + (column + 1) * step];
      const spans = line.filter((span) => span.from < end && span.until > start);
      return (spans.find(({ state }) => state === 'signs') ?? spans.at(-1))!.state;
    },
  };
}
