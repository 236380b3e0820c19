import { printable } from '../../network/addresses.js';

/** Where an issuer's keys tell how they are. @internal */
export interface KeysLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Says once that an outage began, and once that it is over. */
export class KeysLog {
  readonly #what: string;
  #failedSince: number | undefined;
  #said: string | undefined;

  constructor(
    private readonly logger: KeysLogger,
    issuer: string,
    jwksUri: URL,
  ) {
    this.#what = `The keys of ${issuer} cannot be fetched from ${printable(jwksUri)}`;
  }

  /** @param serveFor how long the keys that are known go on serving, in milliseconds; undefined where there are none */
  failed(reason: string, serveFor: number | undefined, now: number): void {
    if (this.#failedSince !== undefined) return;
    this.#failedSince = now;
    const defect = `${this.#what}: ${reason}. Where that is not the address, the option "jwksUri" names another one.`;
    if (serveFor === undefined)
      this.logger.error(`${defect} Until it answers, every token is answered with 503.`);
    else {
      const seconds = Math.round(serveFor / 1000);
      this.logger.warn(
        `${defect} The keys that are known serve for ${seconds} s more; then it is 503 for every token.`,
      );
    }
  }

  succeeded(jwksUri: URL, warnings: readonly string[], now: number): void {
    if (this.#failedSince !== undefined) {
      const seconds = Math.round((now - this.#failedSince) / 1000);
      this.logger.log(`${printable(jwksUri)} answers again, after ${seconds} s.`);
      this.#failedSince = undefined;
    }
    // Once for each set, and not every ten minutes.
    const said = warnings.join(' ');
    if (said !== '' && said !== this.#said) this.logger.warn(`${printable(jwksUri)}: ${said}`);
    this.#said = said;
  }
}
