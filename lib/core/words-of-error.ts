/** What may be said of an error of somebody else's code: its message may hold anything, a key included. */
export function wordsOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  const words = [name, code].filter((word) => typeof word === 'string' && /^[A-Z]\w{1,39}$/.test(word));
  return words.join(', ') || 'no reason given';
}
