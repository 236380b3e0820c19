import type { KeyObject } from 'node:crypto';

import { JwtService as NestJwtService } from '@nestjs/jwt';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Algorithm as FastJwtAlgorithm } from 'fast-jwt';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';

import type { Contender } from './contender.js';
import { privatePem, publicPem } from './keys.js';
import type { Algorithm } from './keys.js';

/** What every peer is given. */
interface Subject {
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly algorithm: Algorithm['name'];
  readonly keyid: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** The token that is verified. */
  readonly token: string;
}

interface Peer {
  readonly name: string;
  /** The names that it signs and verifies by. */
  readonly algorithms: readonly string[];
  readonly signer: (subject: Subject) => () => unknown;
  readonly verifier: (subject: Subject, algorithm: string) => () => unknown;
}

const ofJsonwebtoken = ['RS256', 'ES256'];
const asJsonwebtoken = (algorithm: string) => algorithm as jsonwebtoken.Algorithm;

const peers: readonly Peer[] = [
  {
    name: 'jsonwebtoken, KeyObject',
    algorithms: ofJsonwebtoken,
    signer: ({ key, payload, keyid, algorithm }) => {
      const options = { algorithm: asJsonwebtoken(algorithm), keyid };
      return () => jsonwebtoken.sign(payload, key, options);
    },
    verifier: ({ publicKey, token }, algorithm) => {
      const options = { algorithms: [asJsonwebtoken(algorithm)] };
      return () => jsonwebtoken.verify(token, publicKey, options);
    },
  },
  {
    name: 'jsonwebtoken, PEM',
    algorithms: ofJsonwebtoken,
    signer: ({ key, payload, keyid, algorithm }) => {
      const [pem, options] = [privatePem(key), { algorithm: asJsonwebtoken(algorithm), keyid }];
      return () => jsonwebtoken.sign(payload, pem, options);
    },
    verifier: ({ publicKey, token }, algorithm) => {
      const [pem, options] = [publicPem(publicKey), { algorithms: [asJsonwebtoken(algorithm)] }];
      return () => jsonwebtoken.verify(token, pem, options);
    },
  },
  {
    name: '@nestjs/jwt, PEM',
    algorithms: ofJsonwebtoken,
    signer: ({ key, payload, keyid, algorithm }) => {
      const signOptions = { algorithm: asJsonwebtoken(algorithm), keyid };
      const service = new NestJwtService({ privateKey: privatePem(key), signOptions });
      return () => service.signAsync(payload);
    },
    verifier: ({ publicKey, token }, algorithm) => {
      const service = new NestJwtService({ publicKey: publicPem(publicKey) });
      const options = { algorithms: [asJsonwebtoken(algorithm)] };
      return () => service.verifyAsync(token, options);
    },
  },
  {
    name: 'jose',
    algorithms: ['RS256', 'ES256', 'EdDSA', 'Ed25519'],
    signer: ({ key, payload, keyid, algorithm }) => {
      const header = { alg: algorithm, kid: keyid, typ: 'at+jwt' };
      return () => new SignJWT(payload).setProtectedHeader(header).setIssuedAt().sign(key);
    },
    verifier: ({ publicKey, token }, algorithm) => {
      const options = { algorithms: [algorithm] };
      return () => jwtVerify(token, publicKey, options);
    },
  },
  {
    name: 'fast-jwt',
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    signer: ({ key, payload, keyid, algorithm }) => {
      const signToken = createSigner({ key: privatePem(key), algorithm, kid: keyid });
      return () => signToken(payload);
    },
    verifier: ({ publicKey, token }, algorithm) => {
      const algorithms = [algorithm as FastJwtAlgorithm];
      const verifyToken = createVerifier({ key: publicPem(publicKey), algorithms, cache: false });
      return () => verifyToken(token);
    },
  },
];

/** Who signs by the algorithm; of them verify those who know the name that the token has for it. */
export function peersOf(subject: Subject): Contender[] {
  const { alg = '' } = decodeProtectedHeader(subject.token);
  return peers
    .filter(({ algorithms }) => algorithms.includes(subject.algorithm))
    .map(({ name, algorithms, signer, verifier }) => ({
      name,
      sign: signer(subject),
      verify: algorithms.includes(alg) ? verifier(subject, alg) : undefined,
    }));
}
