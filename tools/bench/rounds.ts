import { Bench } from 'tinybench';

type Contenders<Figures> = { readonly [Name in keyof Figures]: () => Promise<Figures[Name]> };

/** The figures of each contender, one for each round; all run in each round, in turns the one and the other first. */
export async function interleaved<Figures extends Record<string, unknown>>(
  contenders: Contenders<Figures>,
  rounds: number,
  { areWarm = false } = {},
): Promise<{ [Name in keyof Figures]: Figures[Name][] }> {
  const names = Object.keys(contenders) as (keyof Figures)[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as {
    [Name in keyof Figures]: Figures[Name][];
  };
  // Contenders that are not warm have a round more, which warms them up.
  for (let round = areWarm ? 1 : 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figure = await contenders[name]();
      if (round > 0) figures[name].push(figure);
    }
  }
  return figures;
}

/** Calls a second; `call` does `count` of them. */
export async function perSecond(call: () => unknown, count = 1): Promise<number> {
  const bench = new Bench({ time: 100, iterations: 2, warmup: false, throws: true });
  bench.add('call', async () => void (await call()));
  const [task] = await bench.run();
  const { result } = task!;
  if (result.state !== 'completed') throw new Error(`a benchmark ended ${result.state}`);
  return (count * 1000) / result.latency.mean;
}

/** Microseconds of CPU time of all threads for each call; `call` does `count` of them. */
export async function cpuTime(call: () => unknown, count = 1): Promise<number> {
  const before = process.cpuUsage();
  const end = performance.now() + 200;
  let calls = 0;
  while (performance.now() < end) {
    await call();
    calls += count;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
