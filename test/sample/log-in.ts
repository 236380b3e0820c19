import type { AuthorizationCodeGrantChecks } from 'openid-client';

import { Browser } from '../../sample-app/demo/browser.js';
import { RelyingParty } from '../../sample-app/demo/relying-party.js';
import type { Sample } from './sample-server.js';

export interface LoggedIn {
  readonly relyingParty: RelyingParty;
  /** Where the browser was sent, with the code. */
  readonly callback: URL;
  readonly checks: AuthorizationCodeGrantChecks;
}

/** openid-client asks, alice signs in and consents; the code is not exchanged yet. */
export async function logIn(sample: Sample): Promise<LoggedIn> {
  const relyingParty = await RelyingParty.discover(sample.issuer, sample.clientSecret);
  const { url, checks } = await relyingParty.authorizationRequest();
  return { relyingParty, callback: await answerOf(sample, url), checks };
}

/** alice signs in and decides, by the HTML forms; the address that her browser is sent to with the answer. */
export async function answerOf(
  { issuer, userPassword }: Sample,
  authorizationUrl: URL,
  decision: 'approve' | 'deny' = 'approve',
): Promise<URL> {
  const browser = new Browser(issuer);
  const signIn = await browser.open(authorizationUrl);
  const consent = await browser.submit(signIn, { fields: { username: 'alice', password: userPassword } });
  // What she has allowed before is not asked again.
  if (consent.url.origin !== issuer) return consent.url;
  const { url } = await browser.submit(consent, { button: { name: 'decision', value: decision } });
  return url;
}
