/**
 * How many letters have to be put in, left out, replaced or swapped with their neighbour to make one of the other;
 * infinite where they are more than `farthest`.
 */
function editDistance(a: string, b: string, farthest: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      now[column] = Math.min(
        last[column]! + 1,
        now[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? beforeLast[column - 2]! + 1 : Infinity,
      );
    }
    if (Math.min(...now) > farthest) return Infinity;
    [beforeLast, last] = [last, now];
  }
  return last[b.length]!;
}

// A name that is longer is not one that somebody wrote.
const longest = 128;

/** The one of `names` that is at most `farthest` letters away from what was written; the nearest if there are several. */
export function nearestTo(written: string, names: Iterable<string>, farthest: number): string | undefined {
  let nearest: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    // What differs so much in length alone need not be compared.
    if (Math.abs(name.length - written.length) > farthest || name.length > longest) continue;
    const distance = editDistance(written, name, farthest);
    if (distance <= farthest && distance < (nearest?.distance ?? Infinity)) nearest = { name, distance };
  }
  return nearest?.name;
}
