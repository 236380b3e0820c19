import { spacesForControls, unescapeQuotes, unescapeWhiteSpace } from './unescape.js';
import { withoutAround, withoutWrapping } from './text.js';

/**
 * The value of a text that is JSON: a list, an object, or a string, which may hold a text of JSON again. What was
 * escaped on its way, or lost its outer quotes, is JSON too. Undefined where the text is none.
 */
export function readJson(text: string): { readonly value: unknown } | undefined {
  for (const candidate of candidatesOf(text)) {
    try {
      return { value: JSON.parse(candidate) as unknown };
    } catch {
      // The parser's own message quotes the text, so it must not get out.
    }
  }
  return undefined;
}

/** From what changes nothing to what may change a string within. */
function* candidatesOf(text: string): Generator<string> {
  const quoted = withoutAround(text, "'`");
  if (quoted.startsWith('"')) yield quoted;
  const bare = withoutWrapping(text);
  if (!isBracketed(bare) || isNestedTooDeep(bare)) return;
  yield bare;
  if (bare.includes('\\')) {
    // The content of a JSON string whose quotes were lost.
    yield `"${bare}"`;
    const unescaped = unescapeWhiteSpace(bare);
    yield unescaped;
    yield unescapeQuotes(unescaped);
    // As below, where line ends outside of the strings were escaped as well.
    yield spacesForControls(unescaped);
  } else if (/[\n\r\t]/.test(bare)) {
    // Line ends within the strings of JSON, as where a PEM was pasted into it.
    yield spacesForControls(bare);
  }
}

function isBracketed(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}

/** Deeper than keys are; a parser takes its time for a million brackets, and each candidate would. */
const deepestNesting = 100;

function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length && depth <= deepestNesting; index++) {
    const character = text.charAt(index);
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
  }
  return depth > deepestNesting;
}

/** True where the text begins with a whole list or object, and goes on behind it. */
export function hasSomethingBehindJson(text: string): boolean {
  const bare = withoutWrapping(text);
  const end = endOfBrackets(bare);
  return end !== undefined && end < bare.length && readJson(bare.slice(0, end)) !== undefined;
}

/** Where the bracket that the text begins with is closed. */
function endOfBrackets(text: string): number | undefined {
  if (!isBracketed(text)) return undefined;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '\\') index++;
    else if (character === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return index + 1;
  }
  return undefined;
}
