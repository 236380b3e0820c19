// A browser without a screen for the demonstration: cookies, redirects, forms.
import { load } from 'cheerio';
import { CookieJar } from 'tough-cookie';

export interface Page {
  /** Where the browser is; for a page elsewhere, where it would go next. */
  url: URL;
  status: number;
  html: string;
  /** The server redirected to another origin, which was not visited. */
  elsewhere: boolean;
}

export interface Submission {
  fields?: Record<string, string>;
  /** The button that is pressed. A browser sends its name and value, and those of no other button. */
  button?: { name: string; value: string };
}

const MAXIMUM_REDIRECTS = 10;

/** A browser without JavaScript: it keeps cookies, follows redirects within one origin, and fills in forms. */
export class Browser {
  private readonly cookies = new CookieJar();

  constructor(private readonly origin: string) {}

  async open(url: string | URL): Promise<Page> {
    return this.request(new URL(url), { method: 'GET' });
  }

  async submit(page: Page, { fields = {}, button }: Submission): Promise<Page> {
    const $ = load(page.html);
    const form = $('form').first();
    if (form.length === 0) throw new Error(`${page.url.pathname} has no form (status ${page.status})`);

    const values = new URLSearchParams();
    for (const { name, value } of form.find('input').serializeArray()) values.set(name, value);
    for (const [name, value] of Object.entries(fields)) {
      if (form.find(`[name="${name}"]`).length === 0) throw new Error(`The form has no field "${name}"`);
      values.set(name, value);
    }
    if (button) {
      const { name, value } = button;
      if (form.find(`button[name="${name}"][value="${value}"]`).length === 0) {
        throw new Error(`The form has no button "${name}" with the value "${value}"`);
      }
      values.set(name, value);
    }

    const action = new URL(form.attr('action') ?? page.url.href, page.url);
    return this.request(action, { method: form.attr('method')?.toUpperCase() ?? 'GET', body: values });
  }

  private async request(
    url: URL,
    options: { method: string; body?: URLSearchParams },
    redirects = 0,
  ): Promise<Page> {
    if (redirects > MAXIMUM_REDIRECTS) throw new Error(`Too many redirects, the last one to ${url.pathname}`);
    const cookie = await this.cookies.getCookieString(url.href);
    const response = await fetch(url, { ...options, headers: { cookie }, redirect: 'manual' });
    for (const setCookie of response.headers.getSetCookie()) {
      await this.cookies.setCookie(setCookie, url.href);
    }

    const location = response.headers.get('location');
    if (location === null) {
      return { url, status: response.status, html: await response.text(), elsewhere: false };
    }
    const next = new URL(location, url);
    if (next.origin !== this.origin) return { url: next, status: response.status, html: '', elsewhere: true };
    return this.request(next, { method: 'GET' }, redirects + 1);
  }
}
