import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { pause, runLater, runNow, take } from '../../../lib/core/key/steps.js';
import type { Step, Steps } from '../../../lib/core/key/steps.js';
import { errorOf, rejectionOf } from '../../support/errors.js';

/** A step that notes by which driver it was done. */
function noted<Result>(notes: unknown[], result: () => Result): Step<Result> {
  return {
    now: () => {
      notes.push('now');
      return result();
    },
    later: async () => {
      notes.push('later');
      await wait(1);
      return result();
    },
  };
}

// A generator has to be one, whether it yields or not.
function* withoutSteps(): Steps<string> {
  yield* [];
  return 'done';
}

const fails = (message: string) => () => {
  throw new TypeError(message);
};

/** Both drivers over one generator, and what each of them ends with. */
const drivers: [string, (steps: () => Steps<unknown>) => Promise<unknown>][] = [
  ['now', async (steps) => runNow(steps())],
  ['later', async (steps) => runLater(steps())],
];

describe.each(drivers)('steps that are done %s', (name, run) => {
  it('come back with their results, one after another, and are each done once, in this way', async () => {
    const notes: unknown[] = [];
    const result = await run(function* () {
      const one = yield* take(noted(notes, () => 1));
      notes.push(one);
      const two = yield* take(noted(notes, () => one + 1));
      notes.push(two);
      yield pause;
      return [one, two];
    });
    expect(result).toEqual([1, 2]);
    expect(notes).toEqual([name, 1, name, 2]);
  });

  it('end with what work without a step returns', async () => {
    expect(await run(() => withoutSteps())).toBe('done');
  });

  it.each([[undefined], [null], [0], [false], [Promise]])('come back with %p too', async (value) => {
    expect(
      await run(function* () {
        return yield* take(noted([], () => value));
      }),
    ).toBe(value);
  });

  it('are thrown where they failed, and can be caught there', async () => {
    const result = await run(function* () {
      try {
        yield* take(noted([], fails('first')));
      } catch (error) {
        const two = yield* take(noted([], () => 2));
        return [(error as Error).message, two];
      }
      return 'not reached';
    });
    expect(result).toEqual(['first', 2]);
  });

  it('end the work where a failure is not caught, and let it clean up', async () => {
    const notes: unknown[] = [];
    const error = await rejectionOf(
      run(function* () {
        try {
          yield* take(noted(notes, fails('second')));
          yield* take(noted(notes, () => 'not reached'));
        } finally {
          notes.push('finally');
        }
      }),
    );
    expect([error.name, error.message]).toEqual(['TypeError', 'second']);
    expect(notes).toEqual([name, 'finally']);
  });

  it('end the work where it fails by itself, between steps too', async () => {
    for (const stepsBefore of [0, 2]) {
      const error = await rejectionOf(
        run(function* () {
          for (let count = 0; count < stepsBefore; count++) yield pause;
          throw new RangeError('mine');
        }),
      );
      expect([error.name, error.message]).toEqual(['RangeError', 'mine']);
    }
  });

  it('are done within others, and fail there', async () => {
    const notes: unknown[] = [];
    function* inner(): Steps<number> {
      const one = yield* take(noted(notes, () => 1));
      return one + (yield* take(noted(notes, fails('inner'))));
    }
    const result = await run(function* () {
      try {
        return yield* inner();
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect([result, notes]).toEqual(['inner', [name, name]]);
  });
});

describe('a driver', () => {
  function* threePauses(notes: string[]): Steps<void> {
    for (const step of ['1', '2', '3']) {
      notes.push(step);
      yield pause;
    }
    notes.push('done');
  }

  it('that may wait lets others have the event loop between two steps', async () => {
    const notes: string[] = [];
    const work = runLater(threePauses(notes));
    expect(notes).toEqual(['1']);
    setImmediate(() => notes.push('other'));
    await work;
    expect(notes).toContain('other');
    expect(notes.at(-1)).toBe('done');
  });

  it('that may wait lets timers run, however many steps there are', async () => {
    const notes: string[] = [];
    setTimeout(() => notes.push('timer'), 1);
    await runLater(
      (function* (): Steps<void> {
        for (const start = performance.now(); performance.now() - start < 50;) yield pause;
        notes.push('done');
      })(),
    );
    expect(notes).toEqual(['timer', 'done']);
  });

  it('that may not wait has done everything when it returns', () => {
    const notes: string[] = [];
    setImmediate(() => notes.push('x'));
    runNow(threePauses(notes));
    expect(notes).toEqual(['1', '2', '3', 'done']);
  });

  it('throws at once, where it may not wait, and rejects where it may', async () => {
    function* failing(): Steps<void> {
      yield pause;
      throw new Error('no');
    }
    expect(errorOf(() => runNow(failing())).message).toBe('no');
    const work = runLater(failing());
    expect((await rejectionOf(work)).message).toBe('no');
  });
});
