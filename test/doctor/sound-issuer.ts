import { createPublicKey } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { certificateFor } from '../support/certificate.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey } from '../support/keys.js';

export type Members = Record<string, unknown>;

/** What one document is answered with. */
export interface Served {
  body: unknown;
  status: number;
  headers: Record<string, string | string[]>;
}

/** An issuer with which nothing is wrong, and of which a test breaks one thing before it is asked. */
export interface Issuer {
  readonly issuer: string;
  readonly metadata: Members;
  readonly keys: unknown[];
  readonly documents: { readonly discovery: Served; readonly jwks: Served };
  /** Answers in place of the documents. */
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** How often the JWKS was asked for. */
  asked: number;
}

export const names = { issuer: 'issuer.example', other: 'other.example' };
const certificate = certificateFor(names.issuer, names.other);
export const ca = certificate.cert;

const rsa = { ...createPublicKey(makeRsaKey()).export({ format: 'jwk' }) };
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const servers: Server[] = [];

export async function listen(handler: RequestListener, isSecure = false): Promise<number> {
  const server = isSecure
    ? createHttpsServer({ key: certificate.key, cert: certificate.cert }, handler)
    : createHttpServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** For afterAll. */
export async function closeServers(): Promise<void> {
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    ),
  );
}

/** Over http on the machine itself, or over https under a name that is not of this machine. */
export async function startIssuer(isSecure = false): Promise<Issuer> {
  const served = (): Served => ({
    body: undefined,
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=3600',
      'Access-Control-Allow-Origin': '*',
    },
  });
  const documents = { discovery: served(), jwks: served() };
  const found: { issuer?: Issuer } = {};
  const port = await listen((request, response) => {
    const issuer = found.issuer!;
    if (issuer.instead?.(request, response)) return;
    const { pathname } = new URL(request.url!, 'http://any');
    if (pathname === '/.well-known/openid-configuration') {
      send(response, documents.discovery, issuer.metadata);
    } else if (pathname === '/jwks') {
      issuer.asked++;
      send(response, documents.jwks, { keys: issuer.keys });
    } else {
      response.writeHead(404).end();
    }
  }, isSecure);
  const address = isSecure ? `https://${names.issuer}:${port}` : `http://127.0.0.1:${port}`;
  const issuer: Issuer = {
    issuer: address,
    metadata: {
      issuer: address,
      authorization_endpoint: `${address}/authorize`,
      token_endpoint: `${address}/token`,
      userinfo_endpoint: `${address}/userinfo`,
      jwks_uri: `${address}/jwks`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid', 'profile'],
      claims_supported: ['sub'],
      ui_locales_supported: ['en', 'de-AT'],
      claims_parameter_supported: true,
    },
    keys: [
      { ...rsa, kid: 'first', use: 'sig', alg: 'RS256' },
      { ...ec, kid: 'second', use: 'sig', alg: 'ES256' },
    ],
    documents,
    asked: 0,
  };
  found.issuer = issuer;
  return issuer;
}

function send(response: ServerResponse, { body, status, headers }: Served, usual: Members): void {
  const content = body === undefined ? JSON.stringify(usual) : body;
  response.writeHead(status, headers);
  response.end(Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content));
}
