import { sign } from 'node:crypto';

import { derElement } from './der.js';
import { makeKeyPair } from './key-pairs.js';

export interface Certificate {
  /** In PEM. */
  readonly key: string;
  readonly cert: string;
}

const sequence = (...parts: readonly Buffer[]) => derElement(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]) => derElement(0x31, Buffer.concat(parts));
const oid = (hex: string) => derElement(0x06, Buffer.from(hex, 'hex'));
const utcTime = (date: Date) =>
  derElement(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = oid('550403');
const subjectAltName = oid('551d11');

/** A certificate that signs itself (RFC 5280), for a server on loopback. */
export function certificateFor(...hostnames: readonly string[]): Certificate {
  const { privateKey, publicKey } = makeKeyPair('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(commonName, derElement(0x0c, Buffer.from('A test')))));
  const day = 86_400_000;
  const names = [
    ...hostnames.map((each) => derElement(0x82, Buffer.from(each))),
    derElement(0x87, Buffer.from([127, 0, 0, 1])),
  ];
  const content = sequence(
    derElement(0xa0, derElement(0x02, Buffer.from([2]))),
    derElement(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 30 * day))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    derElement(0xa3, sequence(sequence(subjectAltName, derElement(0x04, sequence(...names))))),
  );
  const signature = derElement(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]));
  const lines = sequence(content, ecdsaWithSha256, signature)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`,
  };
}
