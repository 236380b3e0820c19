import { createPublicKey, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

import { JwtService } from 'nestjs-oidc-key';

import { payload } from './contender.js';
import type { Contender } from './contender.js';
import { algorithmOf, makeKey } from './keys.js';
import type { KeyKind } from './keys.js';
import { peersOf } from './peers.js';

export interface Contest {
  readonly ours: Contender;
  readonly onThreadPool: Contender;
  readonly onEventLoop: Contender;
  readonly peers: readonly Contender[];
}

const signOnThreadPool = promisify(sign);

/** Everybody with the same key, claims and checks: the signature and `exp`. */
export async function contestOf(kind: KeyKind): Promise<Contest> {
  const key = makeKey(kind);
  const algorithm = algorithmOf(kind);
  const publicKey = createPublicKey(key);
  const service = new JwtService({ key });
  const keyid = service.getKeySet().keys[0]!.kid;
  const token = await service.sign(payload);

  const end = token.lastIndexOf('.');
  const [data, signature] = [
    Buffer.from(token.slice(0, end)),
    Buffer.from(token.slice(end + 1), 'base64url'),
  ];
  const { hash, parameters } = algorithm;
  const verifyRaw = () => verify(hash, data, { ...parameters, key: publicKey }, signature);
  return {
    ours: { name: 'nestjs-oidc-key', sign: () => service.sign(payload), verify: () => service.verify(token) },
    onThreadPool: {
      name: 'node:crypto, on the thread pool',
      sign: () => signOnThreadPool(hash, data, { ...parameters, key }),
      verify: verifyRaw,
    },
    onEventLoop: {
      name: 'node:crypto, on the event loop',
      sign: () => sign(hash, data, { ...parameters, key }),
      verify: verifyRaw,
    },
    peers: peersOf({ key, publicKey, algorithm: algorithm.name, keyid, payload, token }),
  };
}
