import type { SecretPlace } from '../secret-driver.js';

/** What a client of AWS is made with: the place of a secret, or of a key. */
export interface AwsPlace extends SecretPlace {
  /** As the query of the reference names it. Default: that of an ARN, or of the settings. */
  readonly region?: string | undefined;
}
