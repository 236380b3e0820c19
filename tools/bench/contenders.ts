import { constants, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';

import { JwtService as NestJwtService } from '@nestjs/jwt';
import { createSigner, createVerifier } from 'fast-jwt';
import { jwtVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { JwtService } from 'nestjs-oidc-key';

export type Algorithm = 'RS256' | 'ES256';

/** Signs one access token, and verifies it. */
export interface Contender {
  readonly name: string;
  readonly sign: () => unknown;
  readonly verify: (() => unknown) | undefined;
}

export interface Contest {
  readonly ours: Contender;
  readonly raw: Contender;
  readonly peers: readonly Contender[];
}

/** What an access token of @jmondi/oauth2-server holds. */
export const payload = {
  iss: 'https://issuer.example',
  aud: 'https://api.example',
  sub: '5f0c6a7e-3c1b-4c6e-9d4e-0b6f2d1f7a11',
  client_id: '0a4f1d1e-8f6b-4b0a-9a5e-7d6c5b4a3f2e',
  cid: 'web',
  scope: 'openid profile email',
  jti: '9b2f0c57-2a61-4a35-8d15-3f1f9c1d2e3f',
  exp: 4_000_000_000,
};

export function makeKey(kind: 'RSA-2048' | 'RSA-3072' | 'P-256'): KeyObject {
  if (kind === 'P-256') return generateKeyPairSync('ec', { namedCurve: kind }).privateKey;
  return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) }).privateKey;
}

const signOnThreadPool = promisify(sign);

/** Everybody with the same key, claims and checks: the signature and `exp`. */
export async function contestOf(key: KeyObject, algorithm: Algorithm): Promise<Contest> {
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const publicKey = createPublicKey(key);
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const service = new JwtService({ key });
  const keyid = service.getKeySet().keys[0]!.kid;
  const token = await service.sign(payload);

  const end = token.lastIndexOf('.');
  const [data, signature] = [
    Buffer.from(token.slice(0, end)),
    Buffer.from(token.slice(end + 1), 'base64url'),
  ];
  const parameters: Omit<SignKeyObjectInput, 'key'> =
    algorithm === 'RS256' ? { padding: constants.RSA_PKCS1_PADDING } : { dsaEncoding: 'ieee-p1363' };

  const options = { algorithm, keyid };
  const nestJwt = new NestJwtService({ privateKey: pem, publicKey: publicPem, signOptions: options });
  const fastSign = createSigner({ key: pem, algorithm, kid: keyid });
  const fastVerify = createVerifier({ key: publicPem, algorithms: [algorithm], cache: false });
  const algorithms = [algorithm];
  const header = { alg: algorithm, kid: keyid, typ: 'at+jwt' };
  return {
    ours: { name: 'nestjs-oidc-key', sign: () => service.sign(payload), verify: () => service.verify(token) },
    raw: {
      name: 'node:crypto, on the thread pool',
      sign: () => signOnThreadPool('sha256', data, { ...parameters, key }),
      verify: () => verify('sha256', data, { ...parameters, key: publicKey }, signature),
    },
    peers: [
      {
        name: 'jsonwebtoken, KeyObject',
        sign: () => jsonwebtoken.sign(payload, key, options),
        verify: () => jsonwebtoken.verify(token, publicKey, { algorithms }),
      },
      {
        name: 'jsonwebtoken, PEM',
        sign: () => jsonwebtoken.sign(payload, pem, options),
        verify: () => jsonwebtoken.verify(token, publicPem, { algorithms }),
      },
      {
        name: '@nestjs/jwt, PEM',
        sign: () => nestJwt.signAsync(payload),
        verify: () => nestJwt.verifyAsync(token, { algorithms }),
      },
      {
        name: 'jose',
        sign: () => new SignJWT(payload).setProtectedHeader(header).setIssuedAt().sign(key),
        verify: () => jwtVerify(token, publicKey, { algorithms }),
      },
      { name: 'fast-jwt', sign: () => fastSign(payload), verify: () => fastVerify(token) },
    ],
  };
}
