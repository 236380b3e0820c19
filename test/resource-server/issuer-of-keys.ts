import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { forge } from '../support/tokens.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const servers: { close: () => Promise<unknown> }[] = [];

/** For afterEach: nothing stays open. */
export async function closeIssuers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** A server on loopback that answers everything with what it was told last. */
export async function startServer(listener: RequestListener, port = 0): Promise<string> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  servers.push({ close });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An issuer that publishes what it is told to, and behaves as badly as it is told to. */
export class IssuerOfKeys {
  /** The paths that it was asked for. */
  readonly asked: string[] = [];
  url = '';
  #handler: Handler = () => undefined;

  static async start(keys: readonly JsonWebKey[]): Promise<IssuerOfKeys> {
    const issuer = new IssuerOfKeys();
    issuer.publish(keys);
    issuer.url = await startServer((request, response) => {
      issuer.asked.push(request.url!);
      issuer.#handler(request, response);
    });
    return issuer;
  }

  publish(keys: readonly unknown[]): void {
    this.answer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    });
  }

  answer(handler: Handler): void {
    this.#handler = handler;
  }

  /** An access token of this issuer as RFC 9068 has it, but for what is given. */
  token(key: KeyObject, changes: object = {}, header: object = {}): string {
    return forge(key, { alg: 'RS256', typ: 'at+jwt', ...header }, { ...this.claims(), ...changes });
  }

  claims(): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.url,
      aud: 'https://api.example',
      sub: 'alice',
      client_id: 'web',
      jti: '1',
      scope: 'orders',
      iat: now,
      exp: now + 300,
    };
  }
}

/** The public JWK of a key, with whatever else an issuer says of it. */
export function published(key: KeyObject, members: object = {}): JsonWebKey {
  return { ...createPublicKey(key).export({ format: 'jwk' }), use: 'sig', ...members };
}
