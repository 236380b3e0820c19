import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

import { findChromium } from '../../tools/site/chromium.js';
import { faultsOf } from '../../tools/site/page-faults.js';
import { serveFolder } from '../../tools/site/serve.js';
import type { ServedFolder } from '../../tools/site/serve.js';

const executablePath = findChromium();

const page = (body: string, head = '') =>
  `<!doctype html><html lang="en"><head><title>x</title>${head}</head><body><main>${body}</main></body></html>`;
const styled = (css: string) => page('<h1>Keys</h1><p>text</p>', `<style>${css}</style>`);

if (executablePath) {
  describe('a page of the documentation site, in Chromium', () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-pages-'));
    let site: ServedFolder;
    let browser: Browser;

    beforeAll(async () => {
      site = await serveFolder(folder);
      browser = await chromium.launch({ executablePath });
    });
    afterAll(async () => {
      await browser.close();
      site.close();
    });

    async function faultsOfPage(html: string): Promise<string[]> {
      writeFileSync(join(folder, 'index.html'), html);
      const tab = await browser.newPage();
      const faults = await faultsOf(tab, `${site.origin}/`);
      await tab.close();
      return faults;
    }

    it('without a fault has none', async () => {
      expect(await faultsOfPage(page('<h1>Keys</h1><p>text</p>', '<link rel="icon" href="data:,">'))).toEqual(
        [],
      );
    });

    const wide = 'p { width: 1000px }';
    it.each([
      ['that complains', page('<script>console.error("oh")</script>'), [/^console: oh$/]],
      ['that throws', page('<script>throw new Error("no")</script>'), [/^error: no$/]],
      ['that asks another host', page('<script src="http://site.invalid/a.js"></script>'), [/^asks another/]],
      ['that asks for what is not there', page('<script src="a.js"></script>'), [/^is answered 404/]],
      [
        'that is too wide for a telephone',
        styled(wide),
        [/^is wider .*at 375 pixels, light$/, /^is wider .*at 375 pixels, dark$/],
      ],
      ['that is pale', styled('p { color: #999 }'), [/^color-contrast: .*light$/]],
      [
        'that is pale in the dark alone',
        styled('@media (prefers-color-scheme: dark) { body { background: #111 } p, h1 { color: #555 } }'),
        [/^color-contrast: .*dark$/],
      ],
    ])('%s is seen', async (_, html, expected) => {
      const faults = await faultsOfPage(html);
      for (const fault of expected) expect(faults).toContainEqual(expect.stringMatching(fault));
      expect(faults.some((fault) => /wider .*1280/.test(fault))).toBe(false);
    });
  });
} else {
  it.skip('a page of the documentation site, in Chromium (skipped: there is none)', () => undefined);
}
