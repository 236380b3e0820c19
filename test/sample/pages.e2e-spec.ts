import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { executeAll } from './database.js';
import { startSample } from './sample-server.js';
import type { SampleProcess } from './sample-server.js';
import { visit } from './visit.js';

let sample: SampleProcess;

beforeAll(async () => {
  sample = await startSample();
});
afterAll(() => sample.server.stop());

// What Chromium sends when somebody follows a link.
const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

const ask = (path: string, accept: string, method = 'GET') =>
  fetch(`${sample.issuer}${path}`, { method, headers: { accept } });

describe('the page at the root', () => {
  it('says whose server this is, and every link of it leads somewhere, one of them only those who are signed in', async () => {
    const { status, html, headers } = await visit(sample.issuer);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain(sample.issuer);
    const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href!);
    expect(links).toContain(`${sample.issuer}/consents`);
    for (const link of links) {
      expect([link, (await visit(link)).status]).toEqual([link, link.endsWith('/consents') ? 403 : 200]);
    }
  });
});

describe.each([
  ['an address that does not exist', '/nothing', 'GET', 404],
  ['a method that the address does not have', '/token', 'GET', 404],
  ['a request that lacks something', '/token', 'POST', 400],
  ['a request without a token', '/userinfo', 'GET', 401],
  ['an address that cannot be decoded', '/style%', 'GET', 404],
])('an error: %s', (_what, path, method, status) => {
  it('is a page for a browser', async () => {
    const response = await ask(path, browser, method);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('This did not work');
  });

  it.each(['*/*', 'application/json', ''])('is JSON for a client that accepts %j', async (accept) => {
    const response = await ask(path, accept, method);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  });
});

describe('an error of the server', () => {
  it('is a page for a browser, JSON for a client, and tells neither of them what it was', async () => {
    const other = await startSample();
    try {
      await executeAll(other, ['DROP TABLE clients']);
      for (const [accept, type] of [
        [browser, 'text/html'],
        ['*/*', 'application/json'],
      ] as const) {
        const response = await fetch(`${other.issuer}/revoke`, {
          method: 'POST',
          headers: { accept },
          body: new URLSearchParams({ client_id: 'demo-native', token: 'x' }),
        });
        expect(response.status).toBe(500);
        expect(response.headers.get('content-type')).toContain(type);
        expect(await response.text()).not.toMatch(/clients|SQL/);
      }
      expect(other.server.log).toContain('no such table');
    } finally {
      await other.server.stop();
    }
  });
});
