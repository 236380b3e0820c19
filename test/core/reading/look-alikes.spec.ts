import { webcrypto } from 'node:crypto';

import { expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { errorOf, everythingPrintedOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { makeRsaKey, pemOf, tracesOf } from '../../support/keys.js';

const name = 'OIDC_PRIVATE_KEY';

const pem = pemOf(makeRsaKey());
const der = Buffer.from(pem.replaceAll(/-.*-|\n/g, ''), 'base64');
const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64');
const pgp = (kind: string) =>
  `-----BEGIN PGP ${kind} KEY BLOCK-----\nVersion: 1\n\nlQOYBF\n=aBcD\n-----END PGP ${kind} KEY BLOCK-----`;

const cutOff = /cut off at its first space.*quotes/;
const path = /path of a file.*_FILE/;
const reference = /reference to a secret manager.*before this process starts/;
const placeholder = /placeholder that nothing has replaced/;
const notText = /a program wrote as text/;
const keystore = /keytool -importkeystore.*openssl pkcs12/;
const hexadecimal = /hexadecimal/;
const bytes = /bytes printed/;
const token = /token \(JWT or JWE\)/;

const looks: [string, unknown, RegExp][] = [
  [
    'an OpenSSH public key on P-256',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= !',
    /OpenSSH public/,
  ],
  ['an OpenSSH public key of a security key', 'sk-ssh-ed25519@openssh.com AAAA a@b', /OpenSSH public/],
  ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none', /PuTTYgen/],
  ['a path of Windows', 'C:\\keys\\oidc', path],
  ['a path of Windows with slashes', 'C:/keys/oidc', path],
  ['a path from here', './oidc', path],
  ['a path from above', '../oidc', path],
  ['a file URL', 'file:oidc', path],
  ['a file URL with slashes', 'file:///run/secrets/oidc', path],
  ['a name of a keystore', 'keys/issuer.p12', path],
  ['a PEM cut off at its first space', '-----BEGIN', cutOff],
  ['a quoted PEM cut off at its first space', '"-----BEGIN', cutOff],
  ['the first words of a PEM', '-----BEGIN RSA', /ends after the first line/],
  ['the first line of a PEM', '-----BEGIN PRIVATE KEY-----', /ends after the first line/],
  ['a PEM encoded for a URL', encodeURIComponent(pem), /encoded for a URL/],
  ['a PEM of a form', pem.replaceAll(' ', '+').replaceAll('\n', '%0A'), /encoded for a URL/],
  ['a PEM with other dashes', pem.replaceAll('-----', '\u2014'), /dashes are damaged/],
  ['a PEM with fewer dashes', pem.replaceAll('-----', '---'), /dashes are damaged/],
  ['base64 of base64 of PEM', base64(base64(pem)), /base64 of base64/],
  ['base64 of base64 of DER', base64(base64(der)), /base64 of base64/],
  ['base64 of base64 of a JWK', base64(base64('{"kty":"RSA"}')), /base64 of base64/],
  ['hex of DER', der.toString('hex'), hexadecimal],
  [
    'hex of DER in capitals, with colons',
    der
      .toString('hex')
      .toUpperCase()
      .replaceAll(/..(?=.)/g, '$&:'),
    hexadecimal,
  ],
  ['hex of DER as a number', `0x${der.toString('hex')}`, hexadecimal],
  ['hex of PEM', Buffer.from(pem).toString('hex'), hexadecimal],
  ['1Password', 'op://vault/issuer/private key', reference],
  ['AWS', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:issuer', reference],
  ['Azure', '@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/issuer)', reference],
  ['Google', 'projects/123/secrets/issuer/versions/latest', reference],
  ['Vault', 'vault:secret/data/issuer#key', reference],
  ['Vault, and a name that ends as a file does', 'vault:secret/data/issuer.pem', reference],
  ['vals', 'ref+awssecrets://issuer/key', reference],
  ['a scheme of somebody', 'my-secrets+v2://issuer/key.pem', reference],
  ['an address', 'https://issuer.example/key.pem', /Nothing is fetched/],
  ['sops', 'ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]', /encrypted by another tool/],
  ['Ansible', '$ANSIBLE_VAULT;1.1;AES256\n6638', /encrypted by another tool/],
  ['a variable in braces', '${OIDC_KEY}', placeholder],
  ['a variable with a default', '${OIDC_KEY:-}', placeholder],
  ['a variable of Kubernetes', '$(OIDC_KEY)', placeholder],
  ['a variable of a shell', '$OIDC_KEY', placeholder],
  ['a variable of Windows', '%OIDC_KEY%', placeholder],
  ['a variable of a template', '{{ .Values.oidcKey }}', placeholder],
  ['a reference of CloudFormation', '{{resolve:secretsmanager:issuer}}', placeholder],
  ['a variable of a pipeline', '#{OIDC_KEY}#', placeholder],
  ['what is to be filled in', '<your private key>', placeholder],
  ['what is to be changed', 'changeme', placeholder],
  ['undefined', 'undefined', notText],
  ['null', 'null', notText],
  ['true', true, notText],
  ['an object', '[object Object]', notText],
  ['two objects', '[object Object],[object Object]', notText],
  ['a printed KeyObject', 'PrivateKeyObject {}', notText],
  ['a printed Buffer', '<Buffer 30 82 04 be>', bytes],
  ['printed bytes', String(new Uint8Array(der)), bytes],
  ['XML', '<RSAKeyValue><Modulus>x</Modulus></RSAKeyValue>', /XML/],
  ['XML with a declaration', '<?xml version="1.0"?>\n<RSAKeyValue/>', /XML/],
  ['a JKS', Buffer.from('feedfeed00000002', 'hex'), keystore],
  ['a JCEKS', Buffer.from('cececece00000002', 'hex'), keystore],
  ['a JKS in base64', base64(Buffer.from('feedfeed0000000200000001', 'hex')), keystore],
  ['a JCEKS in base64', base64(Buffer.from('cececece0000000200000001', 'hex')), keystore],
  ['a PGP private key', pgp('PRIVATE'), /PGP/],
  ['a PGP public key', pgp('PUBLIC'), /PGP/],
  ['an age key', `AGE-SECRET-KEY-1${'Q'.repeat(58)}`, /age/],
  ['a file of age', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----', /age/],
  ['an SSH2 key', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----', /SSH2/],
  ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', token],
  ['a JWE', 'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn', token],
  ['a JWK whose quotes a shell took', '{kty:RSA,n:AQAB}', /single quotes around the whole value/],
  ['a JWK that is cut off', '{"kty":"RSA","n":"AQ', /cut off/],
  ['a JWK behind which something stands', '{"kty":"RSA"}, {"kty":"RSA"}', /more than JSON/],
  [
    'a file of Google with a PEM in it',
    JSON.stringify({ type: 'service_account', private_key: pem }),
    /Give that member/,
  ],
  ['an object with a JWK in it', { jwk: { kty: 'RSA' } }, /Give that member/],
  ['both halves of generateKeyPairSync', makeKeyPair('ed25519'), /Give that member/],
  ['a Buffer that was written as JSON', JSON.stringify(der), /Buffer that was written as JSON/],
  ['an ArrayBuffer', new ArrayBuffer(8), /Buffer\.from/],
  ['a Promise', Promise.resolve(pem), /Await it/],
  ['an object of something else', { a: 1 }, /no "kty"/],
  ['a text that is none of these', 'three words here', /shared secret/],
  ['a secret in base64', Buffer.alloc(32, 7).toString('base64'), /shared secret/],
  ['a secret in hex', '5'.repeat(64), /shared secret/],
  ['a long text that is none of these', 'lorem ipsum '.repeat(60), /too long for a secret/],
];

it.each(looks)('%s is no key, and the message says what it looks like', (_, value, message) => {
  const error = errorOf(() => loadKeyMaterial({ name, value: value as KeyInput }));
  expect(error).toMatchObject({ code: 'OIDC_KEY_MALFORMED', message: expect.stringMatching(message) });
});

it.each(looks.filter(([, value]) => tracesOf(value).length > 0))('without a piece of it: %s', (_, value) => {
  const printed = everythingPrintedOf(errorOf(() => loadKeyMaterial({ name, value: value as KeyInput })));
  for (const trace of tracesOf(value)) expect(printed).not.toContain(trace);
});

it('a CryptoKey is told what makes a KeyObject of it', async () => {
  const { privateKey } = (await webcrypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const error = errorOf(() => loadKeyMaterial({ name, value: privateKey as unknown as KeyInput }));
  expect(error).toMatchObject({
    code: 'OIDC_KEY_MALFORMED',
    message: expect.stringMatching(/KeyObject\.from/),
  });
});

it.each([
  ['null', null],
  ['null in a list', [null]],
  ['an empty JWK Set as JSON', '{"keys":[]}'],
  ['a JWK Set whose keys are a text', { keys: 'x' }],
  ['a JWK Set whose keys are an object', { keys: {} }],
  [
    'the curve of an EC key without the key',
    '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n',
  ],
])('%s holds no key', (_, value) => {
  expect(errorOf(() => loadKeyMaterial({ name, value: value as KeyInput })).code).toBe('OIDC_KEY_MISSING');
});

it('a list in a list is no key', () => {
  const value = [[pemOf(makeRsaKey())]] as unknown as KeyInput[];
  const error = errorOf(() => loadKeyMaterial({ name, value }));
  expect(error).toMatchObject({ code: 'OIDC_KEY_MALFORMED', message: expect.stringMatching(/is no key/) });
});
