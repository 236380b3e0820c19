/** What of grpc-js passes headers on. */
interface Listener {
  onReceiveMetadata(metadata: Headers): void;
}
interface Headers {
  get(name: string): readonly unknown[];
}
interface Call {
  start(metadata: unknown, listener: Listener): void;
}

/** What is seen of an answer beside what the SDK gives. */
export interface Seen {
  /** The header `Date`, in seconds since 1970. */
  date?: number;
}

/**
 * For one call, since the SDK writes into them. Who asks again, and when, is decided above; the SDK would ask for a
 * minute.
 *
 * @param timeout in milliseconds
 */
export function callOptions(timeout: number, seen: Seen = {}): object {
  const seeDate = (options: unknown, next: (options: unknown) => Call): Call => {
    const call = next(options);
    const start = call.start.bind(call);
    call.start = (metadata, listener) =>
      start(metadata, {
        ...listener,
        onReceiveMetadata: (headers) => {
          const date = Date.parse(String(headers.get('date')[0])) / 1000;
          if (Number.isFinite(date)) seen.date = date;
          listener.onReceiveMetadata(headers);
        },
      });
    return call;
  };
  return { timeout, retry: null, autoPaginate: false, otherArgs: { options: { interceptors: [seeDate] } } };
}
