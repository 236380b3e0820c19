import type { UsageListener } from '../core/usage/usage-listener.js';
import type { KeyRotation } from '../rotation/key-rotation.js';
import { metricsViewOf } from './metrics-view.js';
import type { MetricsView } from './metrics-view.js';

/** What is measured of one issuer, for whoever gives it to a monitoring system. */
export class KeyMetrics {
  readonly #rotation: Pick<KeyRotation, 'reading' | 'usage'>;

  /** @param issuer what tells it from other issuers of the application */
  constructor(
    readonly issuer: string,
    rotation: Pick<KeyRotation, 'reading' | 'usage'>,
  ) {
    this.#rotation = rotation;
  }

  /** How everything is now. It changes nothing. */
  view(): MetricsView {
    return metricsViewOf(this.issuer, this.#rotation.reading(), this.#rotation.usage);
  }

  /** Tells of each operation as it happens; returns what ends it. */
  listen(listener: UsageListener): () => void {
    return this.#rotation.usage.listeners.add(listener);
  }
}
