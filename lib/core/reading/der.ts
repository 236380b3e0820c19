/** What a DER document is, by the PEM label (RFC 7468) that it would carry. */
export type DerLabel =
  | 'PRIVATE KEY'
  | 'ENCRYPTED PRIVATE KEY'
  | 'RSA PRIVATE KEY'
  | 'EC PRIVATE KEY'
  | 'PUBLIC KEY'
  | 'RSA PUBLIC KEY'
  | 'CERTIFICATE'
  | 'PKCS12';

export const integer = 0x02;
export const bitString = 0x03;
const octetString = 0x04;
const objectIdentifier = 0x06;
export const sequence = 0x30;

/** Where an element begins and ends, its tag and length not counted. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Reads one tag and length (X.690 section 8.1); `end` may lie past the bytes that are there. */
export function elementAt(bytes: Buffer, offset: number): Element | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: offset + 2, end: offset + 2 + first };
  const lengthBytes = first & 0x7f;
  // Four bytes of length are 4 GiB: more than that, or the indefinite form, is no DER key.
  if (lengthBytes === 0 || lengthBytes > 4 || offset + 2 + lengthBytes > bytes.length) return undefined;
  const start = offset + 2 + lengthBytes;
  return { tag, start, end: start + bytes.readUIntBE(offset + 2, lengthBytes) };
}

/** How many bytes the document says it has, or undefined where it is no DER sequence. */
export function declaredLengthOf(bytes: Buffer): number | undefined {
  const outer = elementAt(bytes, 0);
  return outer?.tag === sequence ? outer.end : undefined;
}

/**
 * Tells the structures apart by their first two members: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1),
 * SEC 1 (RFC 5915), SubjectPublicKeyInfo and Certificate (RFC 5280), PFX (RFC 7292).
 */
export function labelOfDer(bytes: Buffer): DerLabel | undefined {
  const outer = elementAt(bytes, 0);
  if (outer?.tag !== sequence) return undefined;
  const first = elementAt(bytes, outer.start);
  const second = first && elementAt(bytes, first.end);
  if (!first || !second) return undefined;

  if (first.tag === sequence) {
    if (second.tag === octetString) return 'ENCRYPTED PRIVATE KEY';
    if (second.tag === bitString) return 'PUBLIC KEY';
    return second.tag === sequence ? 'CERTIFICATE' : undefined;
  }
  if (first.tag !== integer) return undefined;
  // A version fits one byte; a longer first integer is a modulus.
  if (first.end - first.start > 1) return second.tag === integer ? 'RSA PUBLIC KEY' : undefined;
  if (second.tag === sequence) return bytes[first.start] === 3 ? 'PKCS12' : 'PRIVATE KEY';
  if (second.tag === integer) return 'RSA PRIVATE KEY';
  return second.tag === octetString ? 'EC PRIVATE KEY' : undefined;
}

/**
 * The first members of a constructed element, each with its tag. A member that lies past the end, of the element or
 * of the bytes, ends the list.
 */
export function membersOf(bytes: Buffer, parent: Element | undefined, most = 8): Element[] {
  if (!parent) return [];
  const members: Element[] = [];
  let offset = parent.start;
  while (members.length < most && offset < parent.end) {
    const member = elementAt(bytes, offset);
    if (!member || member.end > Math.min(parent.end, bytes.length)) break;
    members.push(member);
    offset = member.end;
  }
  return members;
}

export function contentOf(bytes: Buffer, { start, end }: Element): Buffer {
  return bytes.subarray(start, end);
}

/** The element with its content, in DER. */
export function encodeElement(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, body]);
}

/** The bytes of an object identifier in hexadecimal; undefined where the element is none. */
export function identifierOf(bytes: Buffer, element: Element | undefined): string | undefined {
  if (element?.tag !== objectIdentifier || element.end > bytes.length) return undefined;
  return bytes.toString('hex', element.start, element.end);
}

/** The object identifier of the algorithm that a PKCS#8 key is for (RFC 5958 section 2): its bytes in hexadecimal. */
export function privateKeyAlgorithmOf(bytes: Buffer): string | undefined {
  const outer = elementAt(bytes, 0);
  const version = outer && elementAt(bytes, outer.start);
  const algorithm = version && elementAt(bytes, version.end);
  return identifierOf(bytes, algorithm && elementAt(bytes, algorithm.start));
}
