// Ends TLS on loopback and passes plain HTTP on, as a proxy in front of the sample and of the suite would.
import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

import type { Certificate } from '../../test/support/certificate.js';
import { spoiled } from './spoil.js';
import type { Spoil } from './spoil.js';

export async function startTlsEnd(
  certificate: Certificate,
  port: number,
  target: number,
  spoil?: Spoil,
): Promise<void> {
  const server = createServer({ ...certificate, maxHeaderSize: 65_536 }, (request, response) => {
    const upstream = plainRequest(
      {
        host: '127.0.0.1',
        port: target,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, ...forwarded(request, port) },
        agent: false,
      },
      (answer) => void passOn(answer, request, response, spoil),
    );
    upstream.on('error', (error) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
    request.pipe(upstream);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

function forwarded(request: IncomingMessage, port: number): Record<string, string> {
  const socket = request.socket as TLSSocket;
  return {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': request.headers.host ?? 'localhost',
    'x-forwarded-port': String(port),
    // The suite logs how it was reached.
    'x-ssl-cipher': socket.getCipher().standardName,
    'x-ssl-protocol': socket.getProtocol() ?? '',
  };
}

async function passOn(
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
  spoil: Spoil | undefined,
): Promise<void> {
  if (spoil === undefined || !request.url?.endsWith('/jwks.json')) {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
  response.end(spoiled(await text(answer), spoil));
}
