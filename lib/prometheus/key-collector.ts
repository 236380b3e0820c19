import type { Registry } from 'prom-client';

import { instruments, prometheusNameOf } from '../metrics/instruments.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import type { MetricsView } from '../metrics/metrics-view.js';
import { CollectedMetric } from './collected-metric.js';

/** What is needed of a registry of `prom-client`. */
export type MetricsRegistry = Pick<Registry, 'registerMetric' | 'getSingleMetric' | 'removeSingleMetric'>;

const collectors = new WeakMap<MetricsRegistry, KeyCollector>();

/**
 * Gives a registry what it asks for, when it asks. A registry has one, whichever applications of the process use it: one that
 * is reloaded boots before the one of before has closed, and one that failed to boot is never closed.
 */
export class KeyCollector {
  readonly #registry: MetricsRegistry;
  /** One for each reader that was imported. */
  readonly #added = new Set<readonly KeyMetrics[]>();
  /** By the name that they are registered under. */
  readonly #metrics = new Map<string, CollectedMetric>();
  #views: readonly MetricsView[] | undefined;

  private constructor(registry: MetricsRegistry) {
    this.#registry = registry;
  }

  static of(registry: MetricsRegistry): KeyCollector {
    const known = collectors.get(registry);
    if (known) return known;
    const collector = new KeyCollector(registry);
    collectors.set(registry, collector);
    return collector;
  }

  /** Returns what takes them away again. */
  add(issuers: readonly KeyMetrics[]): () => void {
    const added = [...issuers];
    this.#added.add(added);
    return () => {
      this.#added.delete(added);
      if (this.#added.size === 0) this.#unregister();
    };
  }

  /** Registers what is not registered yet. Returns the names that something else has in this registry. */
  register(): readonly string[] {
    return instruments.flatMap((instrument) => {
      const name = prometheusNameOf(instrument);
      const registered = this.#registry.getSingleMetric(name);
      if (registered) return this.#isOurs(name) ? [] : name;
      // Made anew, since a registry may have changed the name of one that it has forgotten.
      const metric = new CollectedMetric(instrument, () => this.#viewsNow());
      this.#metrics.set(name, metric);
      this.#registry.registerMetric(asOfLibrary(metric));
      return [];
    });
  }

  #unregister(): void {
    // Somebody may have cleared the registry, and something else have taken the name.
    for (const name of this.#metrics.keys()) if (this.#isOurs(name)) this.#registry.removeSingleMetric(name);
    this.#metrics.clear();
  }

  #isOurs(name: string): boolean {
    const metric = this.#metrics.get(name);
    return metric !== undefined && this.#registry.getSingleMetric(name) === asOfLibrary(metric);
  }

  /** A registry asks all its metrics in one go: they are to be of one moment, and read once. */
  #viewsNow(): readonly MetricsView[] {
    if (!this.#views) {
      this.#views = [...new Set([...this.#added].flat())].map((issuer) => issuer.view());
      queueMicrotask(() => (this.#views = undefined));
    }
    return this.#views;
  }
}

/** What a registry does with a metric is in `CollectedMetric`; its type names the library's own classes alone. */
function asOfLibrary(metric: CollectedMetric): Parameters<Registry['registerMetric']>[0] {
  return metric as unknown as Parameters<Registry['registerMetric']>[0];
}
