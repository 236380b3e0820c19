import type { CallUsage } from '../core/usage/call-usage.js';
import type { KeyStore } from './key-store.js';

/** A store whose requests are counted: how many, how long, and what came of them. */
export function countedStore(store: KeyStore, system: string, calls: CallUsage): KeyStore {
  const counted = <Answer>(operation: string, ask: () => Promise<Answer>, signal?: AbortSignal) =>
    calls.run({ type: 'call', system, operation }, () => answerOrAbort(ask, signal));
  return {
    read: (signal) => counted('read', () => store.read(signal), signal),
    write: (text, expected) =>
      calls.run(
        { type: 'call', system, operation: 'write' },
        () => store.write(text, expected),
        outcomeOfWrite,
      ),
    ...(store.between && {
      between: (base, version) => counted('between', () => store.between!(base, version)),
    }),
    ...(store.others && { others: (signal) => counted('others', () => store.others!(signal), signal) }),
    ...(store.destroyBefore && {
      destroyBefore: (version) => counted('destroy', () => store.destroyBefore!(version)),
    }),
    ...(store.watch && { watch: (changed) => store.watch!(changed) }),
    ...(store.kms && { kms: store.kms }),
    ...(store.close && { close: () => store.close!() }),
  };
}

/** Whether somebody else has written since it was read. */
function outcomeOfWrite(isWritten: boolean): string {
  return isWritten ? 'ok' : 'conflict';
}

/** What stands before the colon of a reference; `application` for a store of its own, which has none. */
export function systemOf(reference: string | undefined): string {
  return /^([a-z][a-z0-9-]{1,40}):/.exec(reference ?? '')?.[1] ?? 'application';
}

/** A store that answers nobody is one call that failed when the time was over. */
async function answerOrAbort<Answer>(
  ask: () => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  if (!signal) return ask();
  let abort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
