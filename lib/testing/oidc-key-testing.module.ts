import type { DynamicModule } from '@nestjs/common';

import { isSigningAlgorithm, signingAlgorithms } from '../core/algorithms.js';
import { isObject, isPlain } from '../core/objects.js';
import { refuseUnknownOptions } from '../core/unknown-options.js';
import { hasMethods, invalidOption } from '../options/given-options.js';
import { optionNames } from '../options/resolve-options.js';
import { extraNames } from '../oidc-key.module-definition.js';
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
  static forRoot(given: OidcKeyTestingOptions = {}): DynamicModule {
    refuseProduction('used');
    checkOptions(given);
    const { store, ...options } = given;
    return OidcKeyModule.forRoot({
      ...options,
      ...(store ? { store } : { key: testKey(options.algorithm) }),
    });
  }
}

const ofKeys = ['key', 'source', 'nextKeys', 'previousKeys', 'revokedKids', 'nextActivatesAt'];

/** What is its own business; the values of the others are for OidcKeyModule to look at. */
function checkOptions(given: unknown): void {
  if (!isObject(given) || !isPlain(given)) {
    throw invalidOption("OidcKeyTestingModule takes a plain object, such as { algorithm: 'ES256' }.");
  }
  const ofKey = ofKeys.find((name) => given[name] !== undefined);
  if (ofKey !== undefined) {
    throw invalidOption(
      `OidcKeyTestingModule has no option "${ofKey}", since it has a key for tests. Give the keys of your own in a store, as ` +
        'in { store: new MemoryKeyStore(text) }, or import OidcKeyModule itself.',
    );
  }
  const names = [...optionNames, ...extraNames].filter((name) => !ofKeys.includes(name));
  refuseUnknownOptions(given, names, 'OidcKeyTestingModule');
  const { store, algorithm } = given;
  if (store !== undefined && !hasMethods(store, ['read', 'write'])) {
    throw invalidOption('The option "store" of OidcKeyTestingModule has to be a MemoryKeyStore.');
  }
  if (algorithm !== undefined && !isSigningAlgorithm(algorithm)) {
    throw invalidOption(
      `The option "algorithm" of OidcKeyTestingModule has to be one of ${signingAlgorithms.join(', ')}.`,
    );
  }
}
