import { createHash } from 'node:crypto';

import { labelOfDer } from '../core/reading/der.js';
import { exactTextOf } from '../core/reading/text.js';

/** The text of what a file or a pipe gives: UTF-8 or UTF-16, and of a key in DER its base64. */
export function textOfContent(content: Buffer): string {
  return labelOfDer(content) === undefined ? exactTextOf(content) : content.toString('base64');
}

/** Tells one content from another. */
export function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
