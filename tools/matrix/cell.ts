/** One line of the table before it is tried. */
export interface Cell {
  readonly name: string;
  /** Resolves to what is to be said of it, if anything; rejects where it does not work. */
  run(): Promise<string | void>;
  /** Where it cannot work, and nothing here could change that: how it fails then. */
  readonly impossible?: Impossibility | undefined;
}

export interface Impossibility {
  /** What the tool says; another failure is a failure. */
  readonly says: RegExp;
  /** Why, and the way round. */
  readonly reason: string;
}

/** Cells that are tried together. */
export interface Group {
  readonly name: string;
  readonly about: string;
  readonly cells: readonly Cell[];
}

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly result: 'works' | 'cannot work' | 'FAILS';
  readonly note: string;
  readonly seconds: number;
}

export async function rowOf(group: string, cell: Cell): Promise<Row> {
  const start = performance.now();
  const row = (result: Row['result'], note: string): Row => ({
    group,
    name: cell.name,
    result,
    note,
    seconds: (performance.now() - start) / 1000,
  });
  try {
    return row('works', (await cell.run()) ?? '');
  } catch (error) {
    const { message } = error as Error;
    return cell.impossible?.says.test(message)
      ? row('cannot work', cell.impossible.reason)
      : row('FAILS', message);
  }
}

/** Tries them, a few at a time, and keeps their order. */
export async function rowsOf(
  groups: readonly Group[],
  atATime: number,
  tried: (row: Row) => void,
): Promise<Row[]> {
  const cells = groups.flatMap(({ name, cells: all }) => all.map((cell) => ({ group: name, cell })));
  const rows: Row[] = [];
  let next = 0;
  const worker = async () => {
    while (next < cells.length) {
      const index = next;
      next += 1;
      const { group, cell } = cells[index]!;
      rows[index] = await rowOf(group, cell);
      tried(rows[index]);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return rows;
}
