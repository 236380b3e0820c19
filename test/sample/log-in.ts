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
export async function logIn({ issuer, userPassword, clientSecret }: Sample): Promise<LoggedIn> {
  const relyingParty = await RelyingParty.discover(issuer, clientSecret);
  const browser = new Browser(issuer);
  const { url, checks } = await relyingParty.authorizationRequest();
  const signIn = await browser.open(url);
  const consent = await browser.submit(signIn, { fields: { username: 'alice', password: userPassword } });
  const { url: callback } = await browser.submit(consent, { button: { name: 'decision', value: 'approve' } });
  return { relyingParty, callback, checks };
}
