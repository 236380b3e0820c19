/** The JWKS route. */
export interface JwksRouteOptions {
  /** Absolute, and without parameters. Default `/.well-known/jwks.json`. It ignores the global prefix. */
  path?: string;
  /**
   * The application's own decorators for the route's handler, such as `Public()` for a global guard or
   * `SkipThrottle()`. Default: none.
   */
  decorators?: MethodDecorator[];
}

/** What has to be known when the module is registered, and so cannot be injected. */
export interface OidcKeyExtras {
  /** Makes `JwtService` and `KeyInfo` injectable everywhere. Default `false`. */
  isGlobal?: boolean;
  /** `false` registers no route. */
  jwks?: JwksRouteOptions | false;
  /** What the names of the settings begin with. Default `OIDC_`. */
  envPrefix?: string;
}
