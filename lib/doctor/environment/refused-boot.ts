import { OidcKeyError } from '../../core/errors.js';
import { KeyStoreError } from '../../stores/key-store.js';
import type { Finding } from '../finding.js';

/**
 * What is said of a boot that is refused, by the code with which it is.
 *
 * @throws whatever no boot is refused with
 */
export function refusedBoot(error: unknown, prefix: string): Finding {
  if (!(error instanceof OidcKeyError || error instanceof KeyStoreError)) throw error;
  const { code, message } = error;
  return {
    severity: 'error',
    code,
    where: `the settings ${prefix}*`,
    message,
    remedy: 'Mend that: with this environment the application does not start.',
    rule: 'nestjs-oidc-key, docs/troubleshooting.md',
  };
}
