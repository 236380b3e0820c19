import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

import { freePort } from '../../sample-app/demo/server-process.js';
import { serveSpa } from '../../sample-app/spa/serve.js';
import { findChromium } from '../../tools/site/chromium.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { headerOf, publicPemOf } from '../support/tokens.js';
import { execute } from './database.js';
import { restart, startSample } from './sample-server.js';
import type { Sample } from './sample-server.js';

const executablePath = findChromium();
const isWanted = executablePath !== undefined || process.env.EVERY_STORE_IS_INSTALLED === '1';

(isWanted ? describe : describe.skip)('a single-page application in Chromium', () => {
  let sample: Sample;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let origin: string;
  const complaints: string[] = [];
  /** The access tokens that the token endpoint gave to the page. */
  const issued: string[] = [];

  beforeAll(async () => {
    sample = await startSample();
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    server = await serveSpa(sample.issuer, port);
    await execute(
      sample,
      "UPDATE clients SET allowed_origins = ?, redirect_uris = ?, post_logout_redirect_uris = ? WHERE id = 'demo-spa'",
      [JSON.stringify([origin]), JSON.stringify([`${origin}/`]), JSON.stringify([`${origin}/`])],
    );
    browser = await chromium.launch({ executablePath });
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('response', async (response) => {
      if (!response.url().endsWith('/token') || response.request().method() !== 'POST') return;
      const body = (await response.json()) as { access_token?: string };
      if (body.access_token) issued.push(body.access_token);
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    server?.closeAllConnections();
    if (server?.listening) await once(server, 'close');
    await sample?.server.stop();
  });

  const user = () => page.locator('#user').textContent();
  async function press(button: string, result: RegExp): Promise<void> {
    await page.click(`#${button}`);
    await page.locator('#result').filter({ hasText: result }).waitFor();
  }

  it('signs in', async () => {
    await page.goto(origin);
    await page.click('#sign-in');
    await page.fill('[name=username]', 'alice');
    await page.fill('[name=password]', sample.userPassword);
    await page.click('button.primary');
    await page.click('[value=approve]');
    await page.locator('#user').filter({ hasText: 'Alice Adams is signed in.' }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
    expect(complaints).toEqual([]);
  });

  it('calls the API, and refreshes', async () => {
    await press('call', /^200 .*demo-spa/);
    await press('renew', /^Renewed$/);
    await press('call', /^200 .*demo-spa/);
    expect(issued).toHaveLength(2);
  });

  it('leaves no token where another script or a later visitor finds it', async () => {
    const stored = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(stored).not.toMatch(/eyJ|access_token|refresh_token/);
  });

  it('goes on through a rotation: with the token of the key before, and with one of the new key', async () => {
    const next = join(sample.folder, 'next.pem');
    const previous = join(sample.folder, 'previous.pem');
    writeFileSync(next, pemOf(makeRsaKey()), { mode: 0o600 });
    writeFileSync(previous, publicPemOf(sample.key));
    sample = await restart(sample, { OIDC_PRIVATE_KEY_FILE: next, OIDC_PREVIOUS_KEYS_FILE: previous });
    await press('call', /^200 .*demo-spa/);
    await press('renew', /^Renewed$/);
    await press('call', /^200 .*demo-spa/);
    expect(headerOf(issued.at(-1)!)['kid']).not.toBe(headerOf(issued[0]!)['kid']);
    expect(complaints).toEqual([]);
  });

  it('signs out, which ends its refresh token and the session of the server', async () => {
    await page.click('#sign-out');
    // Without a question: its ID token, signed before the rotation, names this very session.
    await page.waitForURL(`${origin}/**`);
    await page.locator('#user').filter({ hasText: 'Nobody is signed in.' }).waitFor();
    expect(await user()).toBe('Nobody is signed in.');
    await press('call', /^401 Bearer/);
    await page.click('#sign-in');
    await page.locator('[name=password]').waitFor();
  });
});
