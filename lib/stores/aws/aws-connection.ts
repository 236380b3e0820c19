import { Transform, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';

import type { AwsClient, OpenedClient } from './aws-client.js';
import type { AwsPlace } from './aws-place.js';
import { AwsRefusal, refusalOf, withoutCredentials } from './aws-refusal.js';
import type { Meaning, Seen } from './aws-refusal.js';
import type { AwsService } from './aws-service.js';

/** A request of the SDK, by whose type that of its answer is known. */
interface AwsCommand<Output> {
  readonly middlewareStack: object;
  resolveMiddleware(...args: never[]): (args: never) => Promise<{ readonly output: Output }>;
}

interface AwsRequest<Output> {
  /** As a policy names it, without the service. */
  readonly action: string;
  readonly command: AwsCommand<Output>;
  readonly isWrite?: boolean;
  readonly signal: AbortSignal;
}

export interface AwsAnswer<Output> {
  readonly output: Output;
  /** The header `Date`, in seconds since 1970. */
  readonly date: number | undefined;
}

interface RawResponse {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  body?: Readable;
}

type Handler = (args: unknown) => Promise<{ readonly response: RawResponse }>;

/** Any secret, with fifty versions of a parameter as the most that one answer holds. */
const mostBytes = 4 * 1024 * 1024;

/** A client of one service, and what its answers mean. */
export class AwsConnection {
  readonly #client: AwsClient;
  readonly #isOurs: boolean;
  readonly #service: AwsService;
  readonly #place: AwsPlace;
  readonly #meanings: readonly Meaning[];

  /** @param meanings what the service calls its refusals, before what all services do */
  constructor(
    { client, isOurs }: OpenedClient,
    service: AwsService,
    place: AwsPlace,
    meanings: readonly Meaning[] = [],
  ) {
    this.#client = client;
    this.#isOurs = isOurs;
    this.#service = service;
    this.#place = place;
    this.#meanings = meanings;
  }

  /** @throws AwsRefusal, KeyStoreError */
  async ask<Output>({
    action,
    command,
    isWrite = false,
    signal,
  }: AwsRequest<Output>): Promise<AwsAnswer<Output>> {
    await this.#credentials();
    // What was given up meanwhile must not be done later.
    signal.throwIfAborted();
    const seen: Seen = {};
    watch(command, seen);
    try {
      const output = await this.#client.send(command as never, { abortSignal: signal });
      return { output: output as Output, date: seen.date };
    } catch (error) {
      signal.throwIfAborted();
      const { endpoint } = this.#client.config;
      throw refusalOf(error, seen, {
        where: this.#place.where,
        service: this.#service,
        action,
        isWrite,
        hasEndpoint: endpoint !== undefined,
        meanings: this.#meanings,
      });
    }
  }

  /** The same; undefined where AWS refuses with one of these names. */
  async askUnless<Output>(
    names: readonly string[],
    request: AwsRequest<Output>,
  ): Promise<AwsAnswer<Output> | undefined> {
    try {
      return await this.ask(request);
    } catch (error) {
      if (isRefusal(error, names)) return undefined;
      throw error;
    }
  }

  close(): void {
    if (this.#isOurs) this.#client.destroy();
  }

  /** First and by themselves, so that what refuses them is not taken for an answer about the secret. */
  async #credentials(): Promise<void> {
    try {
      await this.#client.config.credentials?.();
    } catch (error) {
      throw withoutCredentials(error, this.#place);
    }
  }
}

export function isRefusal(error: unknown, names: readonly string[]): error is AwsRefusal {
  return error instanceof AwsRefusal && names.includes(error.refusal);
}

/** On the command and not on the client, which may be somebody else's. */
function watch({ middlewareStack }: AwsCommand<unknown>, seen: Seen): void {
  const stack = middlewareStack as { add(middleware: (next: Handler) => Handler, options: object): void };
  stack.add(
    (next) => async (args) => {
      try {
        const result = await next(args);
        note(result.response, seen);
        return result;
      } catch (error) {
        seen.failure = error;
        throw error;
      }
    },
    { step: 'deserialize', priority: 'low' },
  );
}

function note(response: RawResponse, seen: Seen): void {
  // Of the last attempt alone.
  delete seen.failure;
  const { statusCode, headers = {} } = response;
  if (statusCode !== undefined) seen.status = statusCode;
  const date = Date.parse(headers.date ?? '') / 1000;
  if (Number.isFinite(date)) seen.date = date;
  const wait = headers['retry-after'] ?? '';
  if (/^\d{1,6}$/.test(wait)) seen.retryAfter = Number(wait);
  if (typeof response.body?.pipe === 'function') response.body = limited(response.body, seen);
}

/** The SDK reads whatever comes. */
function limited(body: Readable, seen: Seen): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      seen.isTooLarge = bytes > mostBytes;
      if (seen.isTooLarge) done(new Error('too large'));
      else done(null, chunk);
    },
  });
  // Whoever reads it is told of what goes wrong.
  return pipeline(body, limit, (error) => {
    if (error) seen.failure = error;
  });
}
