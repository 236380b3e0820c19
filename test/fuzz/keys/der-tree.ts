import { derElement } from '../../support/der.js';

/** An element of DER whose content can be changed while the lengths around it stay right (X.690). */
export interface DerNode {
  tag: number;
  content: Buffer | DerNode[];
}

const constructed = 0x20;
const octetString = 0x04;

/** The elements side by side in these bytes, or undefined where they are no DER. */
export function parseDer(bytes: Buffer): DerNode[] | undefined {
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const [tag, first] = [bytes[offset]!, bytes[offset + 1]];
    if (first === undefined) return undefined;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = offset + 2 + lengthBytes;
    if (lengthBytes > 3 || start > bytes.length) return undefined;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes);
    if (start + length > bytes.length) return undefined;
    const content = bytes.subarray(start, start + length);
    // PKCS#8 hides the key itself in an OCTET STRING.
    const children = tag & constructed || tag === octetString ? parseDer(content) : undefined;
    nodes.push({ tag, content: children?.length ? children : content });
    offset = start + length;
  }
  return nodes;
}

export function encodeDer(nodes: readonly DerNode[]): Buffer {
  return Buffer.concat(
    nodes.map(({ tag, content }) => derElement(tag, Buffer.isBuffer(content) ? content : encodeDer(content))),
  );
}

/** Every list of siblings in the tree, with the lists below it. */
export function siblingsIn(nodes: DerNode[]): DerNode[][] {
  return [nodes, ...nodes.flatMap(({ content }) => (Buffer.isBuffer(content) ? [] : siblingsIn(content)))];
}

/** Every element that holds bytes rather than elements. */
export function leavesIn(nodes: DerNode[]): (DerNode & { content: Buffer })[] {
  return siblingsIn(nodes)
    .flat()
    .filter((node): node is DerNode & { content: Buffer } => Buffer.isBuffer(node.content));
}
