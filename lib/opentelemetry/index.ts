/**
 * Metrics and spans of the keys for OpenTelemetry, by way of `@opentelemetry/api`.
 *
 * @module nestjs-oidc-key/opentelemetry
 */

export { OidcKeyOpenTelemetryModule } from './oidc-key-opentelemetry.module.js';
export type { OidcKeyOpenTelemetryOptions } from './oidc-key-opentelemetry.module.js';
