import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { OidcKeyOptions } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import {
  SecretSearch,
  secretOfText,
  secretsOfEncryptedKey,
  secretsOfKey,
  secretsOfToken,
} from '../support/secret-search.js';
import type { Secrets } from '../support/secret-search.js';

/** The keys of an issuer, one of each kind, and the passphrase of the one that is encrypted. */
export const keys = {
  rsa: makeRsaKey(),
  ed25519: makeKeyPair('ed25519').privateKey,
  ec: makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey,
  previous: makeRsaKey(),
};
export const passphrase = `a pass "phrase" & ${randomBytes(20).toString('base64')}`;

export const legacySecret = `a secret "that" & signed ${randomBytes(30).toString('base64')}`;
const inAMonth = new Date(Date.now() + 30 * 24 * 3600 * 1000);

const encryption = { cipher: 'aes-256-cbc', passphrase };
export const encryptedPem = keys.rsa.export({ format: 'pem', type: 'pkcs8', ...encryption }).toString();
const encryptedDer = Buffer.from(encryptedPem.replaceAll(/-----.*-----|\s/g, ''), 'base64');

/** RSA encrypted and Ed25519 as PEM sign, EC as JWK will, and RSA as one line did. */
export const settings = {
  OIDC_PRIVATE_KEY: `${encryptedPem}${pemOf(keys.ed25519)}`,
  OIDC_PRIVATE_KEY_PASSPHRASE: passphrase,
  OIDC_NEXT_KEYS: JSON.stringify(jwkOf(keys.ec)),
  OIDC_PREVIOUS_KEYS: pemOf(keys.previous).replaceAll('\n', '\\n'),
  OIDC_LEGACY_HS256_SECRET: legacySecret,
  OIDC_LEGACY_HS256_UNTIL: inAMonth.toISOString(),
};

/** The same as options, in other forms. */
export const options: OidcKeyOptions = {
  key: [{ key: encryptedPem, passphrase }, keys.ed25519],
  nextKeys: jwkOf(keys.ec),
  previousKeys: Buffer.from(pemOf(keys.previous)),
  legacyHs256: { secret: legacySecret, until: inAMonth },
};

export const configuration = (values: Record<string, unknown> = settings) => configurationOf(values);

/** A search for every secret of this issuer, for these keys besides, and for these tokens. */
export function searchFor(tokens: readonly string[] = [], others: readonly KeyObject[] = []): SecretSearch {
  const secrets: Secrets[] = [
    ...Object.entries(keys).map(([name, key]) => secretsOfKey(name, key)),
    secretsOfEncryptedKey('encrypted key', encryptedDer),
    secretOfText('passphrase', passphrase),
    secretOfText('legacy secret', legacySecret),
    ...tokens.map((token, index) => secretsOfToken(`token ${index + 1}`, token)),
    ...others.map((key, index) => secretsOfKey(`other key ${index + 1}`, key)),
  ];
  return new SecretSearch(Object.assign({}, ...secrets) as Secrets);
}
