/** Replaces what RFC 6749 section 5.2 does not allow in an error_description; above all quotes and line breaks. */
export function toErrorDescription(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, "'");
}
