import type { PublishedKeys } from '../../core/key/published-keys.js';
import type { Usage } from '../../core/usage/usage.js';
import type { IssuerKeys } from './issuer-keys.js';

/** The ring of this process: always the newest there is. */
export class RingKeys implements IssuerKeys {
  constructor(private readonly rotation: { readonly ring: PublishedKeys; readonly usage?: Usage }) {}

  get usage(): Usage | undefined {
    return this.rotation.usage;
  }

  current(): PublishedKeys {
    return this.rotation.ring;
  }

  // oxlint-disable-next-line typescript/require-await -- as the interface has it
  async newerThan(known: PublishedKeys): Promise<PublishedKeys | undefined> {
    return this.rotation.ring === known ? undefined : this.rotation.ring;
  }

  close(): void {
    // Its owner closes the rotation.
  }
}
