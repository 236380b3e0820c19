/** Numbers and prints the steps of a demonstration, a line each, and says which one failed. */
export class Steps {
  private count = 0;

  /** Runs one step. The line ends with what `describe` makes of its result. */
  async run<Result>(
    title: string,
    action: () => Promise<Result>,
    describe: (result: Result) => string = () => '',
  ): Promise<Result> {
    this.count += 1;
    const label = `${String(this.count).padStart(2)} ${title}`;
    try {
      const result = await action();
      const detail = describe(result);
      process.stdout.write(`ok ${label}${detail && `: ${detail}`}\n`);
      return result;
    } catch (error) {
      process.stdout.write(`failed ${label}\n`);
      throw error;
    }
  }

  /** Prints what a program has printed, below the step that it belongs to. */
  show(text: string): void {
    process.stdout.write(`\n${text.trimEnd().replaceAll(/^(?=.)/gm, '   ')}\n\n`);
  }
}

export function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
