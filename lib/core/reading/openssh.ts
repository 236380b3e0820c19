/** What begins a private key of OpenSSH (PROTOCOL.key in its source). */
const magic = Buffer.from('openssh-key-v1\0');

const convert = 'Convert a copy of it with `ssh-keygen -p -m PKCS8 -f COPY`, which rewrites COPY.';

/** What to do for each kind of key, which its header names in the clear. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^ssh-rsa$/, `is an OpenSSH key of RSA. ${convert}`],
  [/^ecdsa-sha2-/, `is an OpenSSH key of ECDSA. ${convert}`],
  [
    /^ssh-ed25519$/,
    'is an OpenSSH key of Ed25519, which ssh-keygen cannot convert: with `-m PKCS8` it reports success and changes ' +
      'nothing. Make a new key with `npx nestjs-oidc-key generate --algorithm EdDSA`.',
  ],
  [
    /^sk-/,
    'is an OpenSSH key held by a security key (FIDO), which cannot sign tokens. Make a new key with ' +
      '`npx nestjs-oidc-key generate`.',
  ],
  [
    /^ssh-dss$/,
    'is an OpenSSH key of DSA, for which JWS has no algorithm. Make a new key with `npx nestjs-oidc-key generate`.',
  ],
];

/** Why an OpenSSH private key is refused, and what to do, by the kind of key that it is. */
export function openSshRemedyOf(bytes: Buffer): string {
  const kind = kindOf(bytes);
  return (
    remedies.find(([pattern]) => pattern.test(kind))?.[1] ??
    `is an OpenSSH key. ${convert} An Ed25519 key cannot be converted; make a new one.`
  );
}

/** Magic, cipher, name and options of the key derivation, number of keys, then the first public key. */
function kindOf(bytes: Buffer): string {
  if (!bytes.subarray(0, magic.length).equals(magic)) return '';
  let offset = magic.length;
  for (let skipped = 0; skipped < 3; skipped++) offset = stringAt(bytes, offset).end;
  const publicKey = stringAt(bytes, offset + 4);
  return stringAt(publicKey.content, 0).content.toString('latin1');
}

/** A length of four bytes and as many bytes (RFC 4251 section 5); empty where they are not there. */
function stringAt(bytes: Buffer, offset: number): { content: Buffer; end: number } {
  if (offset + 4 > bytes.length) return { content: Buffer.alloc(0), end: bytes.length };
  const start = offset + 4;
  const end = Math.min(start + bytes.readUInt32BE(offset), bytes.length);
  return { content: bytes.subarray(start, end), end };
}
