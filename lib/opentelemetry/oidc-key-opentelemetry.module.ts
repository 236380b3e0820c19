import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

import { everyIssuer } from '../metrics/every-issuer.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import { checkGivenOptions, hasMethods } from '../options/given-options.js';
import type { OptionChecks } from '../options/given-options.js';
import { KeyInstruments } from './key-instruments.js';
import { KeySpans } from './key-spans.js';

/** Where the metrics and spans go. */
export interface OidcKeyOpenTelemetryOptions {
  /** Default: the global one. It has to be registered before the application boots. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
}

const checks: OptionChecks<OidcKeyOpenTelemetryOptions> = {
  meterProvider: [(value) => hasMethods(value, ['getMeter']), 'a MeterProvider, which has `getMeter`'],
  tracerProvider: [(value) => hasMethods(value, ['getTracer']), 'a TracerProvider, which has `getTracer`'],
};

const OPTIONS = Symbol('OIDC_KEY_OPENTELEMETRY_OPTIONS');

/**
 * Gives OpenTelemetry the metrics of every OidcKeyModule of the application, and spans of their signatures. Counts are
 * read when a reader collects.
 */
@Module({ providers: [{ provide: OPTIONS, useValue: {} }] })
export class OidcKeyOpenTelemetryModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #modules: ModulesContainer;
  readonly #options: OidcKeyOpenTelemetryOptions;
  readonly #ends: (() => void)[] = [];
  #issuers: readonly KeyMetrics[] = [];

  /** @hidden Nest calls it. */
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(OPTIONS) options: OidcKeyOpenTelemetryOptions,
  ) {
    this.#modules = modules;
    this.#options = options;
  }

  /**
   * Without options it is the same as the class itself in `imports`.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
   */
  static forRoot(options: OidcKeyOpenTelemetryOptions = {}): DynamicModule {
    checkGivenOptions(options, checks, {
      owner: OidcKeyOpenTelemetryModule.name,
      example: '{ meterProvider, tracerProvider }',
      mayBeUndefined: true,
    });
    return { module: OidcKeyOpenTelemetryModule, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /**
   * @hidden Nest calls it.
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is nothing to measure, or two issuers have one name
   */
  onModuleInit(): void {
    this.#issuers = everyIssuer(this.#modules, OidcKeyOpenTelemetryModule.name);
  }

  /** @hidden Nest calls it, late: whoever fails to boot before is never told to close, and would be counted for ever. */
  onApplicationBootstrap(): void {
    const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } =
      this.#options;
    this.#ends.push(
      KeyInstruments.of(meterProvider).add(this.#issuers),
      KeySpans.of(tracerProvider).add(this.#issuers),
    );
  }

  /** @hidden Nest calls it. */
  onModuleDestroy(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
