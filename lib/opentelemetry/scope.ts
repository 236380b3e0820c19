/** What the telemetry is said to come from. */
export const scope = 'nestjs-oidc-key';
