import { calculateJwkThumbprint } from 'jose';

import { BrokenRotationError } from './broken-rotation-error.js';
import type { Published } from './published.js';

interface KnownKey {
  readonly thumbprint: string;
  readonly alg: string | undefined;
  readonly publishedSince: number;
}

/** Every key that was ever published in this test, by its kid. */
export class History {
  readonly #known = new Map<string, KnownKey>();

  /** Since when, by the clock of the test; undefined where it never was. */
  publishedSince(kid: string): number | undefined {
    return this.#known.get(kid)?.publishedSince;
  }

  get kids(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** @throws BrokenRotationError `KID_REUSED`, `ALGORITHM_CHANGED` */
  async add({ keys, by }: Published, now: number): Promise<void> {
    for (const [kid, jwk] of keys) {
      const thumbprint = await calculateJwkThumbprint(jwk);
      const known = this.#known.get(kid);
      if (!known) {
        this.#known.set(kid, { thumbprint, alg: jwk.alg, publishedSince: now });
      } else if (known.thumbprint !== thumbprint) {
        throw new BrokenRotationError(
          'KID_REUSED',
          `${by.jwksUri.href}: The kid ${kid} is another key than before. Relying parties hold the key of before under it, ` +
            'and refuse what the new one signs. Give each key a kid of its own, or leave the kid out: it is the thumbprint then.',
          new Date(now),
        );
      } else if (known.alg !== jwk.alg) {
        throw new BrokenRotationError(
          'ALGORITHM_CHANGED',
          `${by.jwksUri.href}: The key ${kid} is for ${jwk.alg}, and was for ${known.alg}. Relying parties hold it for that ` +
            'algorithm alone. Make a key of its own for the other algorithm.',
          new Date(now),
        );
      }
    }
  }
}
