// Runs the modules of a plan, one after the other.
import type { Plan } from './plans.js';
import type { SuiteApi } from './suite-api.js';
import { kidsIn, problemsIn } from './verdict.js';
import type { Outcome } from './verdict.js';

const ended = ['FINISHED', 'INTERRUPTED'];
const longest = 120;

export interface PlanRun {
  readonly api: SuiteApi;
  readonly config: object;
  /** Modules to run; all where it is undefined. */
  readonly only: readonly string[] | undefined;
  /** What a module waits for that asks its user to change the keys. */
  readonly rotate: () => Promise<void>;
  readonly tell: (outcome: Outcome) => void;
}

export async function runPlan(plan: Plan, run: PlanRun): Promise<Outcome[]> {
  const { api, config, only, tell } = run;
  const outcomes: Outcome[] = [];
  for (const { name, create } of await modules()) {
    if (only && !only.includes(name)) continue;
    const outcome = await outcomeOf(name, await create());
    tell(outcome);
    outcomes.push(outcome);
  }
  return outcomes;

  async function modules() {
    const { name, variant } = plan;
    if (plan.isModule) return [{ name, create: () => api.createTest(name, variant, { config }) }];
    const created = await api.createPlan(name, variant, config);
    return created.modules.map(({ testModule, variant: own }) => ({
      name: testModule,
      create: () => api.createTest(testModule, own ?? {}, { plan: created.id }),
    }));
  }

  async function outcomeOf(module: string, id: string): Promise<Outcome> {
    const status = await api.until(id, ['CONFIGURED', 'WAITING', ...ended], longest);
    if (status === 'CONFIGURED') {
      // The only ones that don't start by themselves are those that wait for a change of the keys.
      await run.rotate();
      await api.start(id);
    }
    const isEnded = (await api.until(id, ended, longest)) !== undefined;
    if (!isEnded) await api.cancel(id).catch(() => undefined);
    const log = await api.logOf(id);
    return {
      plan: plan.name,
      module,
      result: isEnded ? ((await api.resultOf(id)) ?? 'UNFINISHED') : 'UNFINISHED',
      problems: problemsIn(log),
      kids: kidsIn(log),
    };
  }
}
