/** RFC 6749 section 3.3. */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value);
}

/** The scopes that are required and that `granted`, a text with spaces between scopes, lacks. */
export function missingScopes(granted: string | undefined, required: readonly string[]): readonly string[] {
  if (required.length === 0) return required;
  const list = granted?.split(' ') ?? [];
  return required.filter((scope) => !list.includes(scope));
}
