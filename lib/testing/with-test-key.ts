import { ModuleRef } from '@nestjs/core';

import type { SigningAlgorithm } from '../core/algorithms.js';
import { OIDC_KEY_EXTRAS, OIDC_KEY_OPTIONS, RESOLVED_OPTIONS } from '../oidc-key.module-definition.js';
import type { ResolvedExtras } from '../oidc-key.module-definition.js';
import type { OidcKeyFactoryOptions } from '../oidc-key.options.js';
import { visibleConfigService } from '../options/config-service.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { SealedOptions } from '../options/sealed-options.js';
import { testKey } from './test-key.js';

/** What `Test.createTestingModule()` of `@nestjs/testing` gives, as far as it is needed here. */
export interface OverridesProviders {
  /** Puts something else in the place of a provider. */
  overrideProvider(token: symbol): {
    /** What is made in its place. */
    useFactory(options: { factory: (...injected: never[]) => unknown; inject?: unknown[] }): unknown;
  };
}

/**
 * Gives an application a key for tests in the place of its own, wherever that would come from: no setting, file or store
 * of keys is read. Everything else stays as the application has it, its options and the times in its settings among it.
 *
 * @param builder what `Test.createTestingModule({ imports: [AppModule] })` gives
 * @param algorithms what the application signs. Default: its option `algorithm`, or `RS256`
 * @returns the same builder
 */
export function withTestKey<Builder extends OverridesProviders>(
  builder: Builder,
  algorithms?: readonly SigningAlgorithm[],
): Builder {
  builder.overrideProvider(RESOLVED_OPTIONS).useFactory({
    factory: async (
      options: SealedOptions,
      { envPrefix }: ResolvedExtras,
      module: ModuleRef,
    ): Promise<ResolvedOptions> =>
      resolveOptions(withKeys(options.open(), algorithms), await visibleConfigService(module), envPrefix),
    inject: [OIDC_KEY_OPTIONS, OIDC_KEY_EXTRAS, ModuleRef],
  });
  return builder;
}

const aboutKeys = [
  'key',
  'nextKeys',
  'previousKeys',
  'revokedKids',
  'nextActivatesAt',
  'source',
  'store',
  'reloadInterval',
  'publicJwksUri',
];

function withKeys(
  options: OidcKeyFactoryOptions,
  algorithms: readonly SigningAlgorithm[] = [options.algorithm ?? 'RS256'],
): OidcKeyFactoryOptions {
  const others = Object.entries(options).filter(([name]) => !aboutKeys.includes(name));
  return { ...Object.fromEntries(others), key: algorithms.map((algorithm) => testKey(algorithm)) };
}
