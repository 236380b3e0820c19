import { KeyStoreError } from '../key-store.js';
import { azureFailureIn } from './azure-failure.js';
import type { AzureFailure, Seen } from './azure-failure.js';
import { azureRefusal } from './azure-refusal.js';
import type { Asked } from './azure-refusal.js';

/** A secret has 25 kB, a key less, and a page of a list holds 25 versions. */
const mostBytes = 1024 * 1024;

interface Question<Answer> {
  readonly action: Asked['action'];
  readonly signal: AbortSignal;
  /** What the SDK is called with these options. */
  readonly call: (options: CallOptions) => Promise<Answer>;
  /** What a failure means that is an answer too. */
  readonly answerIn?: (failure: AzureFailure) => Answer | undefined;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  /** The header `Date`, in seconds since 1970. */
  readonly date: number | undefined;
}

export interface CallOptions {
  readonly abortSignal: AbortSignal;
  readonly onResponse: (response: Response) => void;
  readonly requestOptions: object;
}

interface Response {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText?: string | null;
}

/**
 * Calls the SDK once.
 *
 * @throws KeyStoreError
 */
export async function askKeyVault<Answer>(
  where: string,
  { action, signal, call, answerIn }: Question<Answer>,
): Promise<Answered<Answer>> {
  const seen: Seen = {};
  const asking = new AbortController();
  const abort = () => asking.abort();
  signal.addEventListener('abort', abort);
  const options: CallOptions = {
    abortSignal: asking.signal,
    onResponse: ({ status, headers, bodyAsText }) => {
      seen.status = status;
      seen.refusal = status >= 400 ? bodyAsText : undefined;
      const date = Date.parse(headers.get('date') ?? '') / 1000;
      if (Number.isFinite(date)) seen.date = date;
    },
    requestOptions: {
      onDownloadProgress: ({ loadedBytes }: { readonly loadedBytes: number }) => {
        if (loadedBytes <= mostBytes) return;
        seen.isTooLarge = true;
        asking.abort();
        // The SDK would wait for the end of an answer that was aborted.
        throw new Error('The answer is too large.');
      },
    },
  };
  try {
    return { answer: await call(options), date: seen.date };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KeyStoreError) throw error;
    const failure = azureFailureIn(error, seen);
    const answer = answerIn?.(failure);
    if (answer !== undefined) return { answer, date: seen.date };
    throw azureRefusal(failure, seen, { where, action });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
