// Keeps what was in a statement of SQL out of the log.
import { DrizzleQueryError } from 'drizzle-orm';

/** For the log: drizzle puts what a query was given into its message, and that may be a hash or a session. */
export function withoutQueryParameters(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? (error.cause ?? 'A query failed') : error;
}
