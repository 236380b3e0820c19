/** One line of the table: what was measured of us and beside it, in the same rounds. */
export interface Row {
  readonly measure: string;
  /** What it is measured beside. */
  readonly beside: string;
  readonly unit: string;
  /** The medians of all rounds. */
  readonly ours: number;
  readonly theirs: number;
  /** How `result` comes from the two: ours over theirs, or ours less theirs. */
  readonly kind: 'ratio' | 'difference';
  /** The median over the rounds; each round has its own, so that a noisy machine does not decide. */
  readonly result: number;
  /** The middle half of the rounds lies in it. */
  readonly spread: readonly [number, number];
  readonly target?: Target | undefined;
  /** Whether the result is within the target, before it is rounded; undefined without one. */
  readonly reached?: boolean | undefined;
}

export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

function isWithin(result: number, { atLeast = -Infinity, atMost = Infinity }: Target): boolean {
  return result >= atLeast && result <= atMost;
}

/** @param ours and `theirs` have a figure of each round, in one order */
export function rowOf(
  about: Pick<Row, 'measure' | 'beside' | 'unit' | 'target'> & { readonly kind?: Row['kind'] },
  ours: readonly number[],
  theirs: readonly number[],
): Row {
  const { kind = 'ratio' } = about;
  const results = ours.map((each, round) =>
    kind === 'ratio' ? each / theirs[round]! : each - theirs[round]!,
  );
  const result = quantile(results, 0.5);
  return {
    measure: about.measure,
    beside: about.beside,
    unit: about.unit,
    ours: rounded(quantile(ours, 0.5)),
    theirs: rounded(quantile(theirs, 0.5)),
    kind,
    // One digit more, as some are near what they have to reach.
    result: rounded(result, 4),
    spread: [rounded(quantile(results, 0.25)), rounded(quantile(results, 0.75))],
    target: about.target,
    reached: about.target && isWithin(result, about.target),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Three digits that mean something. */
function rounded(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
