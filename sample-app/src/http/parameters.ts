// Reads parameters by a schema.
import { OAuthException } from '@jmondi/oauth2-server';
import type { z } from 'zod';

/**
 * Keeps the parameters that the schema names and drops the rest, as RFC 6749 section 3.2 asks. A parameter that
 * was sent twice arrives as an array and is refused by any schema that wants a string.
 */
export function readParameters<Schema extends z.ZodType>(schema: Schema, source: unknown): z.output<Schema> {
  const result = schema.safeParse(source ?? {});
  if (result.success) return result.data;
  const name = result.error.issues[0]?.path[0];
  throw OAuthException.invalidParameter(String(name ?? 'request'));
}
