import { createRequire } from 'node:module';

import type { Page } from 'playwright-core';

/** The widths of a telephone and of a desk, in pixels; the widest is the last. */
export const widths = [375, 1280] as const;
export const height = 800;

const colorSchemes = ['light', 'dark'] as const;

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const axeOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
  resultTypes: ['violations'],
  // Of buttons that are VitePress's own.
  rules: { 'label-content-name-mismatch': { enabled: false }, 'nested-interactive': { enabled: false } },
};

// What runs in the page is text: this program knows the types of Node, and none of a browser.
const toBeDrawn = `new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  .then(() => document.getAnimations().forEach((animation) => animation.finish()))`;
const widthsInPage = '[document.scrollingElement.scrollWidth, document.documentElement.clientWidth]';

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Opens a page, looks at it in every width and color scheme, and resolves to what is wrong with it. */
export async function faultsOf(page: Page, url: string): Promise<string[]> {
  const faults = complaintsOf(page);
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.addScriptTag({ path: axe });
  for (const colorScheme of colorSchemes) {
    await page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await page.setViewportSize({ width, height });
      await page.evaluate(toBeDrawn);
      const tooWide = await overflowOf(page);
      faults.push(...tooWide.map((fault) => `${fault}, at ${width} pixels, ${colorScheme}`));
    }
    // At the last width, where most is to be seen. It takes its time, and colors are the same at each.
    const violations = await violationsOf(page);
    faults.push(...violations.map((fault) => `${fault}, ${colorScheme}`));
  }
  return faults;
}

/** Hears what a page complains of from now on: its console, and requests that fail or go to another host. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== '127.0.0.1' && protocol !== 'data:') {
      complaints.push(`asks another host: ${request.url()}`);
    }
  });
  page.on('requestfailed', (request) => complaints.push(`gets no answer: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`is answered ${response.status()}: ${response.url()}`);
  });
  return complaints;
}

async function overflowOf(page: Page): Promise<string[]> {
  const [content, window] = await page.evaluate<[number, number]>(widthsInPage);
  return content > window ? [`is wider than the window, by ${content - window} pixels`] : [];
}

/** What WCAG 2.1 asks for at level AA, as far as axe can tell. Contrast is a part of it. */
async function violationsOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(axeOptions)})`);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
