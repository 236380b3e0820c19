/**
 * The state of the keys, for `@nestjs/terminus`.
 *
 * @module nestjs-oidc-key/health
 */

export { KeyHealthIndicator } from './key.health.js';
