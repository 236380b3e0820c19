import type { KeySetView, KeyView } from './key-set-view.js';
import { utc } from './instants.js';
import { printable } from './naming.js';

/** As many characters of a kid as tell it from others. */
const fewest = 8;

/** Kids, shortened to what tells them apart. */
export function shortKids({ keys }: KeySetView): ReadonlyMap<string, string> {
  const kids = keys.map(({ key }) => printable(key.kid));
  let length = fewest;
  const isClear = () => new Set(kids.map((kid) => kid.slice(0, length))).size === new Set(kids).size;
  while (!isClear()) length++;
  return new Map(
    keys.map(({ key }, index) => {
      const kid = kids[index]!;
      return [key.kid, kid.length > length + 1 ? `${kid.slice(0, length)}…` : kid];
    }),
  );
}

/** What each key is, since when and until when. */
export function statusTable(view: KeySetView): string {
  const kids = shortKids(view);
  const rows = [
    ['KID', 'ALG', 'STATE', 'SINCE', 'UNTIL', 'THEN', 'HELD'],
    ...view.keys.map((each) => [
      kids.get(each.key.kid)!,
      each.key.alg,
      stateWords[each.state],
      instant(each.since),
      instant(each.until),
      thenOf(each),
      heldOf(each),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const stateWords: Readonly<Record<KeyView['state'], string>> = {
  signs: 'signs',
  waits: 'next',
  previous: 'previous',
  revoked: 'revoked',
  gone: 'gone',
};

function instant(seconds: number | undefined): string {
  return seconds === undefined ? '-' : utc(seconds);
}

/** What the key is after that, if nothing is written. */
function thenOf({ line, until }: KeyView): string {
  const span = until === undefined ? undefined : line.find(({ from }) => from === until);
  return span === undefined || span.state === 'unborn' ? '-' : stateWords[span.state];
}

function heldOf({ key }: KeyView): string {
  if (key.signer !== undefined) return 'elsewhere';
  return key.hasPrivateHalf ? 'here' : '-';
}
