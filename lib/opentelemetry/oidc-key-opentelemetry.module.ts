import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

import { everyIssuer } from '../metrics/every-issuer.js';
import { KeyInstruments } from './key-instruments.js';
import { KeySpans } from './key-spans.js';

/** Where the metrics and spans go. */
export interface OidcKeyOpenTelemetryOptions {
  /** Default: the global one. It has to be registered before the application boots. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
}

const OPTIONS = Symbol('OIDC_KEY_OPENTELEMETRY_OPTIONS');

/** What the telemetry is said to come from. */
const scope = 'nestjs-oidc-key';

/**
 * Gives OpenTelemetry the metrics of every OidcKeyModule of the application, and spans of their signatures. Counts are
 * read when a reader collects.
 */
@Module({ providers: [{ provide: OPTIONS, useValue: {} }] })
export class OidcKeyOpenTelemetryModule implements OnModuleInit, OnModuleDestroy {
  readonly #modules: ModulesContainer;
  readonly #options: OidcKeyOpenTelemetryOptions;
  readonly #ends: (() => void)[] = [];

  /** @hidden Nest calls it. */
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(OPTIONS) options: OidcKeyOpenTelemetryOptions,
  ) {
    this.#modules = modules;
    this.#options = options;
  }

  /** Without options it is the same as the class itself in `imports`. */
  static forRoot(options: OidcKeyOpenTelemetryOptions = {}): DynamicModule {
    return { module: OidcKeyOpenTelemetryModule, providers: [{ provide: OPTIONS, useValue: options }] };
  }

  /**
   * @hidden Nest calls it.
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is nothing to measure, or two issuers have one name
   */
  onModuleInit(): void {
    const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } =
      this.#options;
    const issuers = everyIssuer(this.#modules, OidcKeyOpenTelemetryModule.name);
    const keyInstruments = new KeyInstruments(issuers, meterProvider.getMeter(scope));
    const spans = new KeySpans(tracerProvider.getTracer(scope));
    keyInstruments.register();
    this.#ends.push(() => keyInstruments.remove());
    for (const metricsOfIssuer of issuers) {
      const { issuer } = metricsOfIssuer;
      const end = metricsOfIssuer.listen({
        ended: (operation, ending) => keyInstruments.record(issuer, operation, ending),
        within: (operation, work) => spans.within(issuer, operation, work),
      });
      this.#ends.push(end);
    }
  }

  /** @hidden Nest calls it. */
  onModuleDestroy(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
