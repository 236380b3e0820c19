// The suite's REST API, as far as it is used.
import { setTimeout as wait } from 'node:timers/promises';

import { z } from 'zod';

const created = z.object({ id: z.string() });
const plan = created.extend({
  modules: z.array(z.object({ testModule: z.string(), variant: z.record(z.string(), z.string()).nullish() })),
});
const info = z.object({ status: z.string(), result: z.string().nullish() });
const entry = z.looseObject({
  src: z.string().nullish(),
  msg: z.string().nullish(),
  result: z.string().nullish(),
  requirements: z.array(z.string()).nullish(),
});

/** The suite answers no plain request, unless it came through an end of TLS. */
export const throughTls = { 'x-forwarded-proto': 'https' };

export type Entry = z.output<typeof entry>;
export type CreatedPlan = z.output<typeof plan>;

export class SuiteApi {
  readonly #address: string;

  /** @param address with a slash at the end */
  constructor(address: string) {
    this.#address = address;
  }

  async createPlan(planName: string, variant: object, config: object): Promise<CreatedPlan> {
    const query = { planName, variant: JSON.stringify(variant) };
    return plan.parse(await this.#call('POST', 'plan', query, config));
  }

  /** Resolves to the id of the run. */
  async createTest(
    test: string,
    variant: object,
    of: { plan: string } | { config: object },
  ): Promise<string> {
    const query = { test, variant: JSON.stringify(variant), ...('plan' in of && { plan: of.plan }) };
    const { id } = created.parse(
      await this.#call('POST', 'runner', query, 'config' in of ? of.config : undefined),
    );
    return id;
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `runner/${id}`);
  }

  async cancel(id: string): Promise<void> {
    await this.#call('DELETE', `runner/${id}`);
  }

  async resultOf(id: string): Promise<string | undefined> {
    return info.parse(await this.#call('GET', `info/${id}`)).result ?? undefined;
  }

  async logOf(id: string): Promise<Entry[]> {
    return z.array(entry).parse(await this.#call('GET', `log/${id}`));
  }

  /** Resolves to the status, or to undefined where none of them came in time. */
  async until(id: string, statuses: readonly string[], seconds: number): Promise<string | undefined> {
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
      const { status } = info.parse(await this.#call('GET', `info/${id}`));
      if (statuses.includes(status)) return status;
      await wait(300);
    }
    return undefined;
  }

  async #call(
    method: string,
    path: string,
    query: Record<string, string> = {},
    body?: object,
  ): Promise<unknown> {
    const response = await fetch(`${this.#address}${path}?${new URLSearchParams(query).toString()}`, {
      method,
      headers: { ...throughTls, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${path} of the suite: ${response.status} ${text.slice(0, 500)}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
