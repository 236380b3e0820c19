/** What the JWKS route says of its answer, whatever the keys are. */
export class JwksHeaders {
  /** In small letters, which Fastify would make of them for each request. */
  readonly entries: readonly (readonly [name: string, value: string])[];

  /** @param maxAge how long relying parties may cache the JWKS, in seconds */
  constructor(maxAge: number) {
    this.entries = [
      ['cache-control', `public, max-age=${maxAge}`],
      // Relying parties in a browser fetch it too, and nothing in it is secret.
      ['access-control-allow-origin', '*'],
      ['x-content-type-options', 'nosniff'],
    ];
  }
}
