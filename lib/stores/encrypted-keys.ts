import { labelOfDer } from '../core/reading/der.js';
import { decodeText } from '../core/reading/text.js';

const pkcs8 = /-----BEGIN ENCRYPTED PRIVATE KEY-----[\w+/=\s]+-----END ENCRYPTED PRIVATE KEY-----\s*/y;
const traditional =
  /-----BEGIN ([A-Z]+) PRIVATE KEY-----\s+Proc-Type: 4,ENCRYPTED\s+DEK-Info: [\w-]+,[0-9A-Fa-f]+\s[\w+/=\s]+-----END \1 PRIVATE KEY-----\s*/y;

/**
 * Whether a text is encrypted keys and nothing else. Whoever does not know the passphrase cannot have made it; one plain
 * key among them would be enough to sign with.
 */
export function isOnlyEncryptedKeys(value: string): boolean {
  const text = decodeText(value)?.replaceAll(/\\r|\\n/g, '\n') ?? '';
  const bytes = Buffer.from(text, 'base64');
  if (/^[\w+/-]+=*$/.test(text)) return labelOfDer(bytes) === 'ENCRYPTED PRIVATE KEY';
  let end = 0;
  while (end < text.length) {
    const length = [pkcs8, traditional].map((form) => lengthAt(form, text, end)).find((each) => each > 0);
    if (length === undefined) return false;
    end += length;
  }
  return end > 0;
}

function lengthAt(form: RegExp, text: string, start: number): number {
  form.lastIndex = start;
  return form.exec(text)?.[0].length ?? 0;
}
