/** A reference as one word of a command that somebody copies into a shell, which would read `;` and others itself. */
export function shellWord(reference: string): string {
  return /^[\w%+,./:@=#-]+$/.test(reference) ? reference : `'${reference.replaceAll("'", "'\\''")}'`;
}
