import * as fc from 'fast-check';

const chunkSize = 500;

/** Many cases, a chunk at a time; one seed always gives the same ones, however many are asked for. */
export function* chunksOf<Case>(
  cases: fc.Arbitrary<Case>,
  { count, seed }: { count: number; seed: number },
): Generator<Case[]> {
  for (let done = 0; done < count; done += chunkSize) {
    yield fc.sample(cases, { seed: seed + done, numRuns: Math.min(chunkSize, count - done) });
  }
}
