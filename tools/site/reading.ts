import type { Page } from 'playwright-core';

/** Looks for a word from the page that is open, opens the first page that is found, and resolves to what went wrong. */
export async function faultsOfSearch(page: Page, word: string): Promise<string[]> {
  await page.locator('.VPNavBarSearch button').first().click();
  await page.locator('#localsearch-input').fill(word);
  const found = page.locator('.VPLocalSearchBox .results a.result').first();
  const target = new URL((await found.getAttribute('href')) ?? '', page.url());
  await found.click();
  await page.locator('.VPLocalSearchBox').waitFor({ state: 'detached' });
  await page.waitForURL(target.href);
  const text = await page.locator('main').innerText();
  return text.includes(word) ? [] : [`opens ${target.pathname} for ${word}, which it does not have`];
}

/** Opens the menu that a narrow window hides, follows its last link, and resolves to what went wrong. */
export async function faultsOfMenu(page: Page): Promise<string[]> {
  const open = page.locator('.VPSidebar.open');
  if ((await open.count()) > 0) return ['is open before anybody opened it'];
  await page.locator('.VPLocalNav button.menu').click();
  const link = open.locator('a.link').last();
  const target = new URL((await link.getAttribute('href')) ?? '', page.url());
  await link.click();
  await page.waitForURL(target.href);
  return [];
}
