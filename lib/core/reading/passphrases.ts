import { exactTextOf, hasText } from './text.js';

/**
 * What a setting may mean as a passphrase, in the order in which it is tried: its text without the last line end,
 * which editors and `echo` leave behind, and, where quotes stand around it, also without them. White space belongs
 * to a passphrase. Empty where none is set.
 */
export function passphrasesOf(value: unknown): string[] {
  if (!hasText(value)) return [];
  const text = exactTextOf(value).replace(/(?:\r\n|\n|\r)$/, '');
  const unquoted = withoutQuotes(text);
  // Quotes around nothing are an empty setting.
  if (text === '' || unquoted === '') return [];
  return unquoted === undefined ? [text] : [text, unquoted];
}

function withoutQuotes(text: string): string | undefined {
  const quote = text.charAt(0);
  const isQuoted = text.length > 1 && '"\'`'.includes(quote) && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1) : undefined;
}
