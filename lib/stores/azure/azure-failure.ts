import { isObject } from '../../core/objects.js';

/** What is seen of an answer beside what the SDK gives. */
export interface Seen {
  status?: number;
  /** The header `Date`, in seconds since 1970. */
  date?: number;
  isTooLarge?: boolean;
  /** What an answer said that was none, whole: the SDK leaves out the inner codes of a list. */
  refusal?: string | null | undefined;
}

/** What is known of a request that failed. */
export interface AzureFailure {
  /** Undefined where nothing has answered. */
  readonly status: number | undefined;
  /** The service's own code, such as `SecretNotFound`, or Node's, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The more precise one, such as `SecretDisabled`. */
  readonly innerCode: string | undefined;
  /** In seconds. */
  readonly retryAfter: number | undefined;
  /** Of the class of the error. */
  readonly name: string;
  /** Whether the challenge of the server was for another service. */
  readonly isOfOtherService: boolean;
}

export function azureFailureIn(error: unknown, seen: Seen): AzureFailure {
  const { statusCode, code, name, message, response } = membersOf(error);
  const status = typeof statusCode === 'number' ? statusCode : seen.status;
  const { error: said } = membersOf(parsed(seen.refusal));
  return {
    status,
    code: codeIn(membersOf(said).code) ?? codeIn(code),
    innerCode: innermost(membersOf(said).innererror),
    retryAfter: secondsIn(headerOf(response, 'retry-after')),
    name: String(name),
    isOfOtherService: String(message).startsWith('The challenge resource '),
  };
}

/** An error may be inside of an error, inside of one. */
function innermost(inner: unknown): string | undefined {
  const { code, innererror } = membersOf(inner);
  return isObject(innererror) ? innermost(innererror) : codeIn(code);
}

function headerOf(response: unknown, name: string): string {
  const { headers } = membersOf(response);
  const { get } = membersOf(headers);
  return typeof get === 'function' ? String(get.call(headers, name)) : '';
}

function secondsIn(text: string): number | undefined {
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/** Anything else may quote what was sent. */
function codeIn(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_]{1,60}$/.test(code) ? code : undefined;
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    // The page of a proxy.
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
