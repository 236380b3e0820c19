// What a module's log means for the run.
import type { Entry } from './suite-api.js';
import type { Tolerated } from './tolerated.js';

export interface Problem {
  readonly result: 'FAILURE' | 'WARNING' | 'REVIEW';
  readonly condition: string;
  readonly message: string;
  readonly sections: readonly string[];
}

export interface Outcome {
  readonly plan: string;
  readonly module: string;
  /** Of the suite: PASSED, WARNING, REVIEW, SKIPPED or FAILED; UNFINISHED where it did not end in time. */
  readonly result: string;
  readonly problems: readonly Problem[];
  /** The `kid` of each ID token of the module. */
  readonly kids: readonly string[];
}

const isOfInterest = (result: unknown): result is Problem['result'] =>
  result === 'FAILURE' || result === 'WARNING' || result === 'REVIEW';

export function problemsIn(log: readonly Entry[]): Problem[] {
  return log.flatMap(({ result, src, msg, requirements }) =>
    isOfInterest(result)
      ? [{ result, condition: src ?? '', message: msg ?? '', sections: requirements ?? [] }]
      : [],
  );
}

/** The `kid` of every ID token that the suite has taken from an answer. */
export function kidsIn(log: readonly Entry[]): string[] {
  const kids = log.flatMap((entry) => {
    const kid = (entry.header as { kid?: unknown } | undefined)?.kid;
    return entry.src === 'ExtractIdTokenFromTokenResponse' && typeof kid === 'string' ? [kid] : [];
  });
  return [...new Set(kids)];
}

const fine = ['PASSED', 'REVIEW', 'SKIPPED'];

/** What makes a module fail here: nothing, or each problem that nobody has given a reason for. */
export function flawsOf({ module, result, problems }: Outcome, tolerated: readonly Tolerated[]): string[] {
  const isTolerated = (condition: string) =>
    tolerated.some((each) => each.module === module && each.condition === condition);
  if (fine.includes(result)) return [];
  const flaws = problems
    .filter((problem) => problem.result === 'FAILURE' || !isTolerated(problem.condition))
    .filter((problem) => problem.result !== 'REVIEW')
    .map(({ condition, message, sections }) => `${condition}: ${message} ${sections.join(', ')}`.trimEnd());
  // A failure fails, though its log says nothing of it.
  return result === 'WARNING' || flaws.length > 0 ? flaws : [result];
}
