/** One piece of work that is too long for the event loop. */
export interface Step<Result> {
  /** Does it on the thread pool, or wherever a signer is. */
  later(): Promise<Result>;
  /** Does it here, before it returns. */
  now(): Result;
}

/**
 * Work in steps: a step that is yielded comes back with its result, or is thrown where it failed. So a constructor,
 * which cannot wait, and a server, which must not hold up others, run one and the same code.
 */
export type Steps<Result> = Generator<Step<unknown>, Result, unknown>;

/** Does one step within others. */
export function* take<Result>(step: Step<Result>): Steps<Result> {
  return (yield step) as Result;
}

/** For work that may be many steps long, and none of them by itself: lets others have the event loop. */
export const pause: Step<void> = {
  later: () => new Promise((resolve) => setImmediate(resolve)),
  now: () => undefined,
};

/** Does all of the work before it returns. */
export function runNow<Result>(steps: Steps<Result>): Result {
  let next = steps.next();
  while (!next.done) {
    next = attempt(steps, next.value)();
  }
  return next.value;
}

/** Does the work without holding up the event loop for longer than the generator itself does between two steps. */
export async function runLater<Result>(steps: Steps<Result>): Promise<Result> {
  let next = steps.next();
  while (!next.done) {
    const resume = await next.value.later().then(
      (result) => () => steps.next(result),
      (error: unknown) => () => steps.throw(error),
    );
    next = resume();
  }
  return next.value;
}

function attempt<Result>(
  steps: Steps<Result>,
  step: Step<unknown>,
): () => IteratorResult<Step<unknown>, Result> {
  try {
    const result = step.now();
    return () => steps.next(result);
  } catch (error) {
    return () => steps.throw(error);
  }
}
