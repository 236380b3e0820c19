/**
 * What the command `doctor` finds, as a function: for a test, a pipeline, or a page of one's own.
 *
 * @module nestjs-oidc-key/doctor
 */

export { diagnoseEnvironment } from './environment/diagnose-environment.js';
export type { EnvironmentOptions } from './environment/diagnose-environment.js';
export { diagnoseIssuer } from './issuer/diagnose-issuer.js';
export type { AskedDocument, DiagnoseIssuerOptions, IssuerReport } from './issuer/diagnose-issuer.js';
export type { Finding, Severity } from './finding.js';
