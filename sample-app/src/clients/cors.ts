// Lets the pages of registered origins call the endpoints that a client in a browser needs (CORS). Cookies are left
// out: none of these endpoints looks at one.
import { callbackify } from 'node:util';
import type {
  CorsOptions,
  CorsOptionsDelegate,
} from '@nestjs/common/interfaces/external/cors-options.interface.js';
import type { Request } from 'express';
import { decodeJwt } from 'jose';
import { readBearerToken } from 'nestjs-oidc-key/resource-server';
import type { AllowedOrigins } from './allowed-origins.js';
import { readClientCredentials } from './client-credentials.js';

const FOR_CLIENTS = ['/token', '/revoke'];
const WITH_TOKEN = ['/userinfo', '/api/me'];

export function corsFor(origins: AllowedOrigins): CorsOptionsDelegate<Request> {
  return callbackify((request: Request) => optionsFor(origins, request));
}

async function optionsFor(origins: AllowedOrigins, request: Request): Promise<CorsOptions> {
  if (![...FOR_CLIENTS, ...WITH_TOKEN].includes(request.path)) return { origin: false };
  // Also where no header follows: a cache must not hand that answer to a page that gets one.
  request.res?.vary('Origin');
  const { origin } = request.headers;
  return {
    origin: origin !== undefined && (await origins.includes(origin, clientIdOf(request))),
    methods: ['GET', 'POST'],
    allowedHeaders: ['Authorization', 'Content-Type'],
    exposedHeaders: ['WWW-Authenticate', 'Retry-After'],
    maxAge: 600,
  };
}

// Nothing is verified yet. Whoever lies here gets an error to read and nothing else. A preflight names no client.
function clientIdOf(request: Request): string | undefined {
  try {
    if (FOR_CLIENTS.includes(request.path)) return readClientCredentials(request).client_id;
    const { client_id } = decodeJwt(readBearerToken(request));
    return typeof client_id === 'string' ? client_id : undefined;
  } catch {
    return undefined;
  }
}
