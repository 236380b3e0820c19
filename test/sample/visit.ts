/** One step of a browser, by hand: no redirect is followed, and the cookie is the caller's business. */
export interface Step {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where the server sends the browser. */
  readonly location: string | null;
  /** The session's cookie as it is sent back; undefined if the server set none. */
  readonly cookie: string | undefined;
}

export async function visit(
  url: string | URL,
  cookie = '',
  form?: Record<string, string> | [string, string][],
): Promise<Step> {
  const response = await fetch(url, {
    headers: { cookie },
    redirect: 'manual',
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    html: await response.text(),
    location: response.headers.get('location'),
    cookie: response.headers.getSetCookie()[0]?.split(';')[0],
  };
}

/** The token of a page's form, and with it the proof that the page has a form. */
export function csrfTokenOf({ html }: Step): string {
  const [, token] = /name="csrf_token" value="([^"]+)"/.exec(html) ?? [];
  if (token === undefined) throw new Error('The page has no form');
  return token;
}

/** All that the form of a page sends besides what somebody types. */
export function hiddenFieldsOf({ html }: Step): Record<string, string> {
  const fields = html.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, value]));
}
