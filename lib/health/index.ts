export { KeyHealthIndicator } from './key.health.js';
