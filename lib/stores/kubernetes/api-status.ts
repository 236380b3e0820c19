import { isObject } from '../../core/objects.js';
import type { HttpsAnswer } from '../https/https-client.js';
import { retryAfterIn } from '../https/https-client.js';

/** What the API says instead of doing what it was asked for (its object "Status"). */
export interface ApiStatus {
  /** The API's own word for it; undefined where not the API has answered, or without a word. */
  readonly reason: string | undefined;
  /** The kind of thing that it is about, such as "secrets". */
  readonly kind: string | undefined;
  readonly name: string | undefined;
  /** The words for what is wrong with each member. */
  readonly causes: readonly string[];
  /** The members that something is wrong with. */
  readonly fields: readonly string[];
  /** In prose, which may quote anything: never to be repeated. */
  readonly message: string;
  /** In seconds. */
  readonly retryAfter: number | undefined;
}

export function statusIn(answer: HttpsAnswer): ApiStatus {
  const body = isObject(answer.json) && answer.json.kind === 'Status' ? answer.json : {};
  const details = isObject(body.details) ? body.details : {};
  const causes = (Array.isArray(details.causes) ? details.causes : []).filter(isObject);
  const seconds = details.retryAfterSeconds;
  return {
    reason: word(body.reason),
    kind: word(details.kind),
    name: word(details.name),
    causes: causes.flatMap((cause) => word(cause.reason) ?? []),
    fields: causes.flatMap((cause) => word(cause.field) ?? []),
    message: typeof body.message === 'string' ? body.message : '',
    retryAfter: retryAfterIn(answer) ?? (typeof seconds === 'number' && seconds > 0 ? seconds : undefined),
  };
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][\w.-]{0,252}$/.test(value) ? value : undefined;
}
