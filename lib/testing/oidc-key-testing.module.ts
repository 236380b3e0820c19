import type { DynamicModule } from '@nestjs/common';

import { OidcKeyModule } from '../oidc-key.module.js';
import type { OidcKeyExtras, OidcKeyStoreOptions } from '../oidc-key.options.js';
import type { MemoryKeyStore } from './memory-key.store.js';
import { refuseProduction } from './refuse-production.js';
import { testKey } from './test-key.js';

/** The options of `OidcKeyModule` but for where the keys come from. */
export interface OidcKeyTestingOptions
  extends Omit<OidcKeyStoreOptions, 'store' | 'key' | 'source'>, OidcKeyExtras {
  /** Where the keys are, for a test that changes them. Default: one key, {@link testKey} of the option `algorithm`. */
  store?: MemoryKeyStore | undefined;
}

/**
 * `OidcKeyModule` with a key for tests, for a testing module that is put together by hand: the same services, the same
 * JWKS route, and the same rotation. An application that imports `OidcKeyModule` itself gets such a key by
 * {@link withTestKey}.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- as every module of Nest is given
export class OidcKeyTestingModule {
  /** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, `OIDC_KEY_TESTING_IN_PRODUCTION` */
  static forRoot({ store, ...options }: OidcKeyTestingOptions = {}): DynamicModule {
    refuseProduction('used');
    return OidcKeyModule.forRoot({
      ...options,
      ...(store ? { store } : { key: testKey(options.algorithm) }),
    });
  }
}
