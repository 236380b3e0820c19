import { ModuleRef } from '@nestjs/core';

import { algorithmNamed, isSigningAlgorithm, signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { OIDC_KEY_EXTRAS, OIDC_KEY_OPTIONS, RESOLVED_OPTIONS } from '../oidc-key.module-definition.js';
import type { ResolvedExtras } from '../oidc-key.module-definition.js';
import type { OidcKeyFactoryOptions } from '../oidc-key.options.js';
import { visibleConfigService } from '../options/config-service.js';
import { hasMethods, invalidOption } from '../options/given-options.js';
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
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
 */
export function withTestKey<Builder extends OverridesProviders>(
  builder: Builder,
  algorithms?: readonly SigningAlgorithm[],
): Builder {
  checkArguments(builder, algorithms);
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

function checkArguments(builder: unknown, algorithms: unknown): void {
  if (!hasMethods(builder, ['overrideProvider'])) {
    throw invalidOption(
      'withTestKey takes what `Test.createTestingModule({ imports: [AppModule] })` gives, before `compile()`.',
    );
  }
  if (algorithms === undefined) return;
  const isList = Array.isArray(algorithms) && algorithms.length > 0;
  if (!isList || !Array.from(algorithms as unknown[]).every(isSigningAlgorithm)) {
    throw invalidOption(
      `The algorithms that withTestKey takes have to be a list of at least one of ${signingAlgorithms.join(', ')}.`,
    );
  }
  // EdDSA and Ed25519 are two names of one.
  const rows = algorithms.map((each) => algorithmNamed(each));
  if (new Set(rows).size < rows.length) {
    throw invalidOption('withTestKey takes each algorithm once: a rotation makes a second key of it.');
  }
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
