import { context, isSpanContextValid, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Span, Tracer, TracerProvider } from '@opentelemetry/api';

import { outcomeOf } from '../core/usage/outcome.js';
import type { Operation } from '../core/usage/usage-listener.js';
import type { KeyMetrics } from '../metrics/key-metrics.js';
import { attributesOf } from './key-instruments.js';
import { ListenedIssuers } from './listened-issuers.js';
import { scope } from './scope.js';

const ofProviders = new WeakMap<TracerProvider, KeySpans>();

/** Makes spans of signatures, and of the requests to a KMS or HSM that they take. Nothing of a token is in them. */
export class KeySpans {
  readonly #tracer: Tracer;
  readonly #issuers = new ListenedIssuers();
  readonly #attributes = new WeakMap<Operation, Attributes>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  static of(provider: TracerProvider): KeySpans {
    const known = ofProviders.get(provider);
    if (known) return known;
    const made = new KeySpans(provider.getTracer(scope));
    ofProviders.set(provider, made);
    return made;
  }

  /** Returns what ends it. */
  add(issuers: readonly KeyMetrics[]): () => void {
    return this.#issuers.add(issuers, (issuer) => ({
      within: (operation, work) => this.within(issuer, operation, work),
    }));
  }

  /** What an SDK throws comes from here: whoever listens lets the work go on without it. */
  within<Result>(issuer: string, operation: Operation, work: () => Promise<Result>): Promise<Result> {
    const { type, kid } = operation;
    // A store is read every minute, and nobody's request is part of that.
    if (kid === undefined) return work();
    const span = this.#tracer.startSpan(type === 'sign' ? 'oidc_key.sign' : 'oidc_key.call', {
      kind: type === 'sign' ? SpanKind.INTERNAL : SpanKind.CLIENT,
      attributes: this.#attributesOf(issuer, operation),
    });
    // Nobody traces.
    if (!isSpanContextValid(span.spanContext())) return work();
    return context.with(trace.setSpan(context.active(), span), () => endedWith(span, work));
  }

  #attributesOf(issuer: string, operation: Operation): Attributes {
    const known = this.#attributes.get(operation);
    if (known) return known;
    const { kid, algorithm, system, operation: asked } = operation;
    const made = attributesOf({ issuer, kid, algorithm, system, operation: asked });
    this.#attributes.set(operation, made);
    return made;
  }
}

async function endedWith<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // Not the error itself: what a signer of the application rejects with may hold anything.
    span.setAttribute('error.type', outcomeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
