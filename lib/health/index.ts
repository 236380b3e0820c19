/**
 * The state of the keys, for `@nestjs/terminus`.
 *
 * @module nestjs-oidc-key/health
 */

export { KeyHealthIndicator } from './key.health.js';
export { OidcKeyHealthModule } from './oidc-key-health.module.js';
