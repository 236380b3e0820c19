import type { JsonWebKeyInput } from 'node:crypto';

/** A JWK (RFC 7517) as node:crypto takes it, which has an exported type of its own in older declarations of Node only. */
export type JsonWebKey = JsonWebKeyInput['key'];
