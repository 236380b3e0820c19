import { labelOfDer } from '../core/reading/der.js';
import { decodeText } from '../core/reading/text.js';

const labelOfPkcs8 = '-----BEGIN ENCRYPTED';
const pkcs8 =
  /-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z\d+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----\s*/y;
const traditional =
  /-----BEGIN ([A-Z]+) PRIVATE KEY-----\s+Proc-Type: 4,ENCRYPTED\s+DEK-Info: [\w-]+,[0-9A-Fa-f]+\s[\w+/=\s]+-----END \1 PRIVATE KEY-----\s*/y;

/**
 * Whether a text is encrypted keys and nothing else. Whoever does not know the passphrase cannot have made it; one plain
 * key among them would be enough to sign with.
 */
export function isOnlyEncryptedKeys(value: string): boolean {
  const text = decodeText(value)?.replaceAll(/\\r|\\n/g, '\n') ?? '';
  if (/^[\w+/-]+=*$/.test(text)) return isEncryptedDer(text);
  let end = 0;
  while (end < text.length) {
    const [block, content] = blockAt(pkcs8, text, end) ?? blockAt(traditional, text, end) ?? [];
    // A label says nothing: OpenSSL opens a plain key under it too.
    if (block === undefined || (block.startsWith(labelOfPkcs8) && !isEncryptedDer(content!))) return false;
    end += block.length;
  }
  return end > 0;
}

function isEncryptedDer(base64: string): boolean {
  return labelOfDer(Buffer.from(base64, 'base64')) === 'ENCRYPTED PRIVATE KEY';
}

function blockAt(form: RegExp, text: string, start: number): RegExpExecArray | undefined {
  form.lastIndex = start;
  return form.exec(text) ?? undefined;
}
