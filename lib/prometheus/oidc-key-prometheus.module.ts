import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { register } from 'prom-client';
import type { OpenMetricsContentType, Registry } from 'prom-client';

import { everyIssuer } from '../metrics/every-issuer.js';
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
export class OidcKeyPrometheusModule implements OnModuleInit, OnModuleDestroy {
  readonly #modules: ModulesContainer;
  readonly #registry: Registry;
  #collector: KeyCollector | undefined;

  /** @hidden Nest calls it. */
  constructor(@Inject(ModulesContainer) modules: ModulesContainer, @Inject(REGISTRY) registry: Registry) {
    this.#modules = modules;
    this.#registry = registry;
  }

  /** Without options it is the same as the class itself in `imports`. */
  static forRoot({ registry = register }: OidcKeyPrometheusOptions = {}): DynamicModule {
    return {
      module: OidcKeyPrometheusModule,
      providers: [{ provide: REGISTRY, useValue: registry }],
    };
  }

  /**
   * @hidden Nest calls it.
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is nothing to measure, where two issuers have one name, or
   * where the registry has the metrics already
   */
  onModuleInit(): void {
    const collector = new KeyCollector(
      everyIssuer(this.#modules, OidcKeyPrometheusModule.name),
      this.#registry,
    );
    collector.register();
    this.#collector = collector;
  }

  /** @hidden Nest calls it. */
  onModuleDestroy(): void {
    this.#collector?.remove();
  }
}
