import { isObject } from '../../core/objects.js';

/** The canonical codes of google.rpc.Code, in order of their numbers. */
const statuses = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type GoogleStatus = (typeof statuses)[number];

/** What Google says of a call that failed. */
export interface GoogleFailure {
  /** Undefined where nothing of Google's has answered. */
  readonly status: GoogleStatus | undefined;
  /** Of google.rpc.ErrorInfo, such as `SERVICE_DISABLED`. */
  readonly reason: string | undefined;
  /** In seconds. */
  readonly retryAfter: number | undefined;
}

/** The SDK's two ways of saying it: over gRPC an error with a number below 17, over REST one with a body of JSON. */
export function googleFailureIn(error: unknown): GoogleFailure {
  const { code, reason, statusDetails, message } = membersOf(error);
  if (typeof code === 'number' && code < statuses.length) {
    return { status: statuses[code], reason: nameIn(reason), retryAfter: delayIn(statusDetails) };
  }
  const { status, details } = membersOf(membersOf(parsed(message)).error);
  const info = Array.isArray(details) ? details.map(membersOf).find((each) => 'reason' in each) : undefined;
  return {
    status: statuses.find((each) => each === status),
    reason: nameIn(info?.reason),
    retryAfter: secondsIn(headerOf(error, 'retry-after')),
  };
}

/** google.rpc.RetryInfo. */
function delayIn(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const delay = details
    .map((each) => membersOf(membersOf(each).retryDelay))
    .find((each) => 'seconds' in each);
  return delay && secondsIn(String(delay.seconds));
}

function headerOf(error: unknown, name: string): string {
  const headers = membersOf(membersOf(membersOf(error).response).headers);
  return typeof headers.get === 'function' ? String(headers.get(name)) : '';
}

function secondsIn(text: string): number | undefined {
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/** Anything else may quote what was sent. */
function nameIn(reason: unknown): string | undefined {
  return typeof reason === 'string' && /^[A-Z][A-Z0-9_]{1,62}$/.test(reason) ? reason : undefined;
}

/** What may be an object of the SDK's, and what it has. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function parsed(message: unknown): unknown {
  try {
    return JSON.parse(String(message));
  } catch {
    // An error of another kind.
    return undefined;
  }
}
