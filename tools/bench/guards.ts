import type { INestApplication } from '@nestjs/common';

import type { Trust } from './trust.js';

/** An application with the route `/orders`, which answers with the `sub` of the token. */
interface Guarded {
  readonly application: (trust: Trust) => Promise<INestApplication>;
}

/** Each loads only what it needs itself. */
export const guards = {
  'nestjs-oidc-key': () => import('./guards/ours.js'),
  'express-oauth2-jwt-bearer': () => import('./guards/express-oauth2-jwt-bearer.js'),
  'passport-jwt with jwks-rsa': () => import('./guards/passport-jwt.js'),
  'JwtService.verify in the handler': () => import('./guards/verify-in-handler.js'),
  unguarded: () => import('./guards/unguarded.js'),
} as const satisfies Readonly<Record<string, () => Promise<Guarded>>>;

export type GuardName = keyof typeof guards;

export interface GuardedOptions extends Trust {
  readonly guard: GuardName;
}

/** The same token, with one other character in its signature. */
export function withBrokenSignature(token: string): string {
  const start = token.lastIndexOf('.') + 1;
  return `${token.slice(0, start)}${token[start] === 'A' ? 'B' : 'A'}${token.slice(start + 1)}`;
}
