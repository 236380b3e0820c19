import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

import { findChromium } from './chromium.js';
import { complaintsOf, faultsOf, height, widths } from './page-faults.js';
import { faultsOfMenu, faultsOfSearch } from './reading.js';
import { serveFolder } from './serve.js';

const folder = fileURLToPath(new URL('../../../../docs/.vitepress/dist', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';
const tabs = 2;

const executablePath = findChromium();
if (executablePath === undefined) {
  process.stderr.write('There is no Chromium on the PATH. Run .ci/machine, or name one in CHROMIUM.\n');
  process.exit(2);
}

const site = await serveFolder(folder, base);
const browser = await chromium.launch({ executablePath });
const home = `${site.origin}${base}`;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.html'))
  .toSorted();

interface Check {
  readonly name: string;
  readonly width: number;
  run(page: Page): Promise<string[]>;
}

function fromHome(check: (page: Page) => Promise<string[]>): (page: Page) => Promise<string[]> {
  return async (page) => {
    const complaints = complaintsOf(page);
    await page.goto(home, { waitUntil: 'networkidle' });
    return [...(await check(page)), ...complaints];
  };
}

const [narrow] = widths;
const checks: Check[] = [
  ...widths.map((width) => ({
    name: `search, at ${width} pixels`,
    width,
    run: fromHome((page) => faultsOfSearch(page, 'OIDC_PRIVATE_KEY')),
  })),
  { name: 'menu', width: narrow, run: fromHome(faultsOfMenu) },
  ...files.map((file) => ({
    name: file,
    width: narrow,
    run: (page: Page) => faultsOf(page, `${home}${file}`),
  })),
];

const faults: string[] = [];
const waiting = [...checks];
async function work(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const page = await browser.newPage({ viewport: { width: check.width, height } });
    page.setDefaultTimeout(20_000);
    const found = await check.run(page).catch((error: Error) => [error.message]);
    faults.push(...found.map((fault) => `${check.name}: ${fault}`));
    await page.close();
  }
}

try {
  await Promise.all(Array.from({ length: tabs }, work));
} finally {
  await browser.close();
  site.close();
}
for (const fault of new Set(faults)) process.stdout.write(`${fault}\n`);
process.stdout.write(
  `${files.length} pages, each at ${widths.join(' and ')} pixels, light and dark: ${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
