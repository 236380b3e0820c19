import { inspect } from 'node:util';

/** What a call throws, so that a test can look at the whole error. */
export function errorOf(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('expected the call to throw');
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new Error('expected the promise to reject');
    },
    (error: unknown) => error as Error & { code?: string },
  );
}

/** Everything that a logger or a debugger could print of a value. */
export function everythingPrintedOf(value: unknown): string {
  const whole = inspect(value, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxStringLength: Infinity,
    maxArrayLength: Infinity,
  });
  const own = typeof value === 'object' && value !== null ? inspect({ ...value }, { depth: Infinity }) : '';
  return [
    whole,
    own,
    String(value),
    safeJson(value),
    value instanceof Error ? inspect(value.cause) : '',
  ].join('\n');
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
