// Serves the single-page application from an origin of its own, with the strictest policy that it can live with.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';

const sources = new URL(import.meta.url.includes('/dist/') ? '../../spa/' : './', import.meta.url);

const FILES = new Map([
  ['/', [new URL('index.html', sources), 'text/html; charset=utf-8']],
  ['/app.js', [new URL('app.js', sources), 'text/javascript']],
  [
    '/oidc-client-ts.js',
    [
      new URL('../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', sources),
      'text/javascript',
    ],
  ],
] as [string, [URL, string]][]);

export async function serveSpa(issuer: string, port: number): Promise<Server> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `connect-src 'self' ${new URL(issuer).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');

  async function contentOf(path: string): Promise<[string, string] | undefined> {
    if (path === '/configuration.json') return [JSON.stringify({ issuer }), 'application/json'];
    const [file, type] = FILES.get(path) ?? [];
    return file && type ? [await readFile(fileURLToPath(file), 'utf8'), type] : undefined;
  }

  const server = createServer((request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?');
    void contentOf(path).then((found) => {
      response.setHeader('Content-Security-Policy', policy);
      if (!found) return response.writeHead(404).end();
      return response.setHeader('Content-Type', found[1]).end(found[0]);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
