/** A value of a token, as messages show it. */
export function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
