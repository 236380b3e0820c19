import type { Registry } from 'prom-client';

import { OidcKeyError } from '../core/errors.js';
import { instruments, prometheusNameOf } from '../metrics/instruments.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import type { MetricsView } from '../metrics/metrics-view.js';
import { CollectedMetric } from './collected-metric.js';

/** What is needed of a registry of `prom-client`. */
export type MetricsRegistry = Pick<Registry, 'registerMetric' | 'getSingleMetric' | 'removeSingleMetric'>;

/** Gives a registry what it asks for, when it asks. */
export class KeyCollector {
  readonly #issuers: readonly KeyMetrics[];
  readonly #registry: MetricsRegistry;
  /** By the name that they are registered under. */
  readonly #metrics: ReadonlyMap<string, CollectedMetric>;
  #views: readonly MetricsView[] | undefined;

  constructor(issuers: readonly KeyMetrics[], registry: MetricsRegistry) {
    this.#issuers = issuers;
    this.#registry = registry;
    this.#metrics = new Map(
      instruments.map((instrument) => [
        prometheusNameOf(instrument),
        new CollectedMetric(instrument, () => this.#viewsNow()),
      ]),
    );
  }

  /** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
  register(): void {
    const taken = [...this.#metrics.keys()].find((name) => this.#registry.getSingleMetric(name));
    if (taken !== undefined) throw isTaken(taken);
    for (const metric of this.#metrics.values()) this.#registry.registerMetric(asOfLibrary(metric));
  }

  remove(): void {
    for (const [name, metric] of this.#metrics) {
      // Somebody may have cleared the registry, and another application have taken the name.
      if (this.#registry.getSingleMetric(name) === asOfLibrary(metric))
        this.#registry.removeSingleMetric(name);
    }
  }

  /** A registry asks all its metrics in one go: they are to be of one moment, and read once. */
  #viewsNow(): readonly MetricsView[] {
    if (!this.#views) {
      this.#views = this.#issuers.map((issuer) => issuer.view());
      queueMicrotask(() => (this.#views = undefined));
    }
    return this.#views;
  }
}

/** What a registry does with a metric is in `CollectedMetric`; its type names the library's own classes alone. */
function asOfLibrary(metric: CollectedMetric): Parameters<Registry['registerMetric']>[0] {
  return metric as unknown as Parameters<Registry['registerMetric']>[0];
}

function isTaken(name: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The registry of prom-client already has a metric ${name}: OidcKeyPrometheusModule is imported twice, or another ` +
      'application of this process uses the same registry. Import it once, or give it a `registry` of its own.',
  );
}
