/** What a histogram holds at a moment. */
export interface HistogramView {
  /** The upper bounds of its buckets, in seconds, each included. */
  readonly bounds: readonly number[];
  /** How many are in each bucket and in none before it; the last number is of those above every bound. */
  readonly counts: readonly number[];
  readonly count: number;
  /** In seconds. */
  readonly sum: number;
}

/** From a P-256 signature on an idle machine to a KMS that has to be asked again. In seconds. */
export const durationBounds: readonly number[] = Object.freeze([
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
]);

/** Durations, counted by how long they were. */
export class Histogram {
  readonly #counts = Array.from({ length: durationBounds.length + 1 }, () => 0);
  #sum = 0;
  #count = 0;

  /** @param seconds below 0 where a clock was set back, which counts as 0 */
  add(seconds: number): void {
    const duration = Math.max(0, seconds);
    let bucket = 0;
    while (bucket < durationBounds.length && duration > durationBounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#count += 1;
    this.#sum += duration;
  }

  view(): HistogramView {
    return { bounds: durationBounds, counts: [...this.#counts], count: this.#count, sum: this.#sum };
  }
}
