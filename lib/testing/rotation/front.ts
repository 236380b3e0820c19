import { fetchJwks } from './fetch-jwks.js';
import type { FetchedJwks } from './fetch-jwks.js';
import type { Replica } from './replica.js';

/** What relying parties reach: each request goes to the next replica, as behind a load balancer. */
export class Front {
  #replicas: readonly Replica[];
  #turn = 0;

  constructor(replicas: readonly Replica[]) {
    this.#replicas = replicas;
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** Others answer from now on. */
  replace(replicas: readonly Replica[]): void {
    this.#replicas = replicas;
  }

  /** @throws BrokenRotationError `JWKS_UNUSABLE` */
  readonly fetch = (now: number, init?: RequestInit): Promise<FetchedJwks> => {
    const { jwksUri } = this.#replicas[this.#turn++ % this.#replicas.length]!;
    return fetchJwks(jwksUri, now, init);
  };
}
