/** What stands for everything that has no count of its own, as in OpenTelemetry's conventions. */
export const other = '_OTHER';

/** Words that are counted come from tables of ours; a store of somebody else's may know more. */
const mostWords = 40;

/** Counts by one word, such as an outcome. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(word: string): void {
    const before = this.#counts.get(word);
    if (before === undefined && this.#counts.size >= mostWords && word !== other) this.add(other);
    else this.#counts.set(word, (before ?? 0) + 1);
  }

  /** At 0, so that the first one that is counted shows as a change. */
  begin(...words: readonly string[]): void {
    for (const word of words) if (!this.#counts.has(word)) this.#counts.set(word, 0);
  }

  view(): readonly (readonly [word: string, count: number])[] {
    return [...this.#counts];
  }
}
