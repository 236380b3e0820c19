/** Injects the options with every setting read. */
export const RESOLVED_OPTIONS = Symbol('OIDC_KEY_RESOLVED_OPTIONS');
