import { KeyObject } from 'node:crypto';
import { isAnyArrayBuffer, isCryptoKey, isPromise } from 'node:util/types';

import { base64OrBase64url, decodeBase64 } from './base64.js';
import { unescapeBase64 } from './unescape.js';

/** What people put where a key belongs: how it looks, and what to do. The first that fits is said. */
type LookAlike = readonly [looksLike: (text: string) => boolean, remedy: string];

const like = (pattern: RegExp) => (text: string) => pattern.test(text);

const jksRemedy =
  'It looks like a Java keystore (JKS). Turn it into PKCS#12 with `keytool -importkeystore -srckeystore FILE ' +
  '-destkeystore KEY.p12 -deststoretype PKCS12`, and take the key out with `openssl pkcs12 -in KEY.p12 -nocerts -nodes`.';

const pgpRemedy = 'It looks like a PGP key, which is no key for tokens.';
const ageRemedy =
  'It looks like a key of age, or a file encrypted with it. Decrypt it first; a key of age signs nothing.';
const ssh2Remedy =
  'It looks like an SSH2 key. Convert the private key with `ssh-keygen -i -f FILE`, then to PKCS#8.';

const referenceRemedy =
  'It looks like a reference to a secret manager. Something has to replace it by the key before this process starts.';
const placeholderRemedy =
  'It looks like a placeholder that nothing has replaced. Check that the variable is set where the value is written.';

const lookAlikes: readonly LookAlike[] = [
  [
    like(/^-{4,5}BEGIN$/),
    'It is cut off at its first space. Put quotes around the value, or give the PEM in base64.',
  ],
  [like(/^-{5}BEGIN(%20|\+)/i), 'It looks like a PEM encoded for a URL. Decode it first.'],
  [like(/^-{4} ?BEGIN SSH2/), ssh2Remedy],
  [
    like(/^\W{0,10}BEGIN [A-Z0-9 ]{0,40}(KEY|CERTIFICATE)/),
    'It looks like a PEM whose dashes are damaged. There are five hyphens before and behind each label.',
  ],
  [
    like(/^PuTTY-User-Key-File/),
    'It looks like a PuTTY key; export it with PuTTYgen as an OpenSSH key, then as PKCS#8.',
  ],
  [like(/^((ssh|ecdsa)-|sk-(ssh|ecdsa)-)/), 'It looks like an OpenSSH public key.'],
  [like(/^AGE-SECRET-KEY-|^age1[a-z0-9]+$|^age-encryption\.org\//), ageRemedy],
  [
    like(/^\$ANSIBLE_VAULT;|^ENC\[|^AQICAH/),
    'It looks encrypted by another tool, which has to decrypt it before this process starts.',
  ],
  // Protected headers of JWS and JWE are JSON, which begins so in base64url.
  [
    like(/^eyJ[\w-]*(\.[\w-]*){2,4}$/),
    'It looks like a token (JWT or JWE). A token is made with a key and holds none in the open.',
  ],
  [
    like(/^(file:|~?\.{0,2}\/|[A-Za-z]:[\\/])/i),
    'It looks like the path of a file; a path goes into the name with _FILE.',
  ],
  [
    like(
      /^(arn:|vault:|secrets?:|secretmanager:|ssm:|kms:|ref\+|projects\/[^/]+\/(secrets|locations)\/|@Microsoft\.KeyVault\()/i,
    ),
    referenceRemedy,
  ],
  [
    like(/^https?:\/\//i),
    'It looks like an address. Nothing is fetched from there; the key itself has to stand here.',
  ],
  [like(/^[a-z][a-z0-9+.-]*:\/\//i), referenceRemedy],
  [
    like(/^\S{1,250}\.(pem|key|der|p8|jwk|json|p12|pfx|jks|crt|cer)$/i),
    'It looks like the path of a file; a path goes into the name with _FILE.',
  ],
  [
    like(/^<Buffer |^\d{1,3}(,\s?\d{1,3}){20,}$/),
    'It looks like bytes printed by a program. Give them as a Buffer, or in base64.',
  ],
  [
    like(/^[$#]\{.*\}#?$|^\$\(.*\)$|^\$\w+$|^%\w+%$|^\{\{.*\}\}$|^<[\w -]+>$|^__\w+__$|^@\w+@$/s),
    placeholderRemedy,
  ],
  [like(/^change_?me$/i), placeholderRemedy],
  [
    like(/^(undefined|null|NaN|true|false|None|nil)$|^\[object |^\[?(Private|Public|Secret)?KeyObject\b/),
    'It looks like a value that a program wrote as text although it was none. Check what sets it.',
  ],
  [like(/^</), 'It looks like XML. Convert the key to PEM.'],
  [
    isHexadecimal,
    'It looks like hexadecimal. Give the bytes in base64: `xxd -r -p FILE | base64 -w0` writes them so.',
  ],
  [isBase64OfBase64, 'It looks like base64 of base64. Decode it once.'],
];

/** Longer than any secret that somebody would choose. */
const longestSecret = 512;

/** What a text that is no key looks like, and what to do; undefined where it looks like nothing that is known. */
export function remedyOfLookAlike(text: string): string | undefined {
  return lookAlikes.find(([looksLike]) => looksLike(text))?.[1];
}

export function remedyOfText(text: string): string {
  const remedy = remedyOfLookAlike(text);
  if (remedy) return remedy;
  return text.length <= longestSecret
    ? 'A shared secret cannot be used.'
    : 'It is too long for a secret, and begins like none of them. Copy the key again, unedited.';
}

/** Keystores, by their first bytes. */
export function remedyOfBytes(bytes: Buffer): string | undefined {
  return ['feedfeed', 'cececece'].includes(bytes.toString('hex', 0, 4)) ? jksRemedy : undefined;
}

/** Blocks between dashes that are of another kind than RFC 7468 has. */
export function remedyOfLabel(label: string): string | undefined {
  if (label.startsWith('PGP ')) return pgpRemedy;
  if (label.startsWith('AGE ')) return ageRemedy;
  return label.startsWith('SSH2 ') ? ssh2Remedy : undefined;
}

/** Objects that hold a key in another way than a JWK does. */
export function remedyOfObject(value: object): string | undefined {
  if (isCryptoKey(value)) return 'It is a CryptoKey. Make a KeyObject of it with `KeyObject.from(key)`.';
  if (isPromise(value)) return 'It is a Promise. Await it.';
  if (isAnyArrayBuffer(value)) return 'It is an ArrayBuffer. Make a Buffer of it with `Buffer.from(bytes)`.';
  const members: unknown[] = Object.values(value);
  if ('type' in value && value.type === 'Buffer') {
    return 'It looks like a Buffer that was written as JSON. Make a Buffer of its data, or give the key as text.';
  }
  return members.some(isKeyInMember)
    ? 'One of its members looks like a key. Give that member, or `{ "key": … }` with it.'
    : undefined;
}

function isKeyInMember(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('-----BEGIN');
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof KeyObject || isCryptoKey(value) || 'kty' in value;
}

/** DER or PEM. */
function isHexadecimal(text: string): boolean {
  return /^(0x)?(30[\s:]?[0-9a-f]{2}|2d[\s:]?2d)/i.test(text) && /^(0x)?[0-9a-f\s:]{40,}$/i.test(text);
}

function isBase64OfBase64(text: string): boolean {
  if (!/^[TZ][\w+/-]/.test(text)) return false;
  const once = decodeBase64(unescapeBase64(text), base64OrBase64url)?.toString('latin1');
  return once !== undefined && beginsLikeKeyInBase64.test(once.trimStart()) && base64OrBase64url.test(once);
}

/** DER, JSON and PEM in base64; in base64 of base64 these begin with a T or a Z. */
const beginsLikeKeyInBase64 = /^(M[A-P]|eyJ|ewo|LS0t)/;

/** JSON, also escaped; an OpenSSH public key; base64 of DER, JSON or PEM, and base64 as long as a key's. */
const keysInText: readonly RegExp[] = [
  /[{[]\s*\\*"/,
  /(?<![\w-])(sk-)?(ssh-(rsa|dss|ed25519)|ecdsa-sha2-[\w-]{1,20})(@openssh\.com)?\s+AAAA/,
  /(?<![A-Za-z0-9+/_-])(M[A-P]|eyJ|LS0t)[A-Za-z0-9+/_-]{38,}/,
  // A path has slashes, a fingerprint is hexadecimal.
  /(?<![A-Za-z0-9+_-])(?![0-9a-fA-F]{60,}(?![A-Za-z0-9+_-]))[A-Za-z0-9+_-]{60,}/,
];

/** True where text outside of PEM blocks (RFC 7468 section 5.2) explains nothing, but may be a key. */
export function looksLikeKeyInText(text: string): boolean {
  return keysInText.some((pattern) => pattern.test(text));
}
