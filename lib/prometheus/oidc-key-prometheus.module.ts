import { Inject, Logger, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { register } from 'prom-client';
import type { OpenMetricsContentType, Registry } from 'prom-client';

import { everyIssuer } from '../metrics/every-issuer.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import { checkGivenOptions, hasMethods } from '../options/given-options.js';
import { KeyCollector } from './key-collector.js';

/** Where the metrics go. */
export interface OidcKeyPrometheusOptions {
  /** A registry of the application's own. Default: the global one, `register`. */
  readonly registry?: Registry | Registry<OpenMetricsContentType> | undefined;
}

const REGISTRY = Symbol('OIDC_KEY_PROMETHEUS_REGISTRY');

/**
 * Registers the metrics of every OidcKeyModule of the application with `prom-client`. Serving them is the application's
 * own business. They are read when somebody scrapes.
 */
@Module({ providers: [{ provide: REGISTRY, useValue: register }] })
export class OidcKeyPrometheusModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #modules: ModulesContainer;
  readonly #registry: Registry;
  #issuers: readonly KeyMetrics[] = [];
  #end: (() => void) | undefined;

  /** @hidden Nest calls it. */
  constructor(@Inject(ModulesContainer) modules: ModulesContainer, @Inject(REGISTRY) registry: Registry) {
    this.#modules = modules;
    this.#registry = registry;
  }

  /**
   * Without options it is the same as the class itself in `imports`.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
   */
  static forRoot(options: OidcKeyPrometheusOptions = {}): DynamicModule {
    checkGivenOptions<OidcKeyPrometheusOptions>(
      options,
      { registry: [isRegistry, 'a registry of prom-client, which `new Registry()` makes'] },
      { owner: OidcKeyPrometheusModule.name, example: '{ registry }', mayBeUndefined: true },
    );
    const { registry = register } = options;
    return {
      module: OidcKeyPrometheusModule,
      providers: [{ provide: REGISTRY, useValue: registry }],
    };
  }

  /**
   * @hidden Nest calls it.
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is nothing to measure, or two issuers have one name
   */
  onModuleInit(): void {
    this.#issuers = everyIssuer(this.#modules, OidcKeyPrometheusModule.name);
  }

  /** @hidden Nest calls it, late: whoever fails to boot before is never told to close, and would stay in the registry. */
  onApplicationBootstrap(): void {
    const collector = KeyCollector.of(this.#registry);
    this.#end = collector.add(this.#issuers);
    const taken = collector.register();
    if (taken.length > 0) new Logger(OidcKeyPrometheusModule.name).warn(isTaken(taken));
  }

  /** @hidden Nest calls it. */
  onModuleDestroy(): void {
    this.#end?.();
  }
}

const isRegistry = (value: unknown) =>
  hasMethods(value, ['registerMetric', 'getSingleMetric', 'removeSingleMetric']);

/** No reason for an issuer not to boot. */
function isTaken(names: readonly string[]): string {
  return (
    `The registry of prom-client has metrics of these names that are not of this module, so that its own are missing: ` +
    `${names.join(', ')}. Rename the others, or give OidcKeyPrometheusModule a "registry" of its own`
  );
}
