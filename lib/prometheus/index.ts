/**
 * Metrics of the keys for Prometheus, by way of `prom-client`.
 *
 * @module nestjs-oidc-key/prometheus
 */

export { OidcKeyPrometheusModule } from './oidc-key-prometheus.module.js';
export type { OidcKeyPrometheusOptions } from './oidc-key-prometheus.module.js';
