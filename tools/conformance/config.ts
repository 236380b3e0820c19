// What the suite is told of the sample, and what its browser does on the sample's pages.
import { clientUrl } from './parties.js';
import type { Parties } from './parties.js';

type Command = readonly (string | number)[];

export function configOf(parties: Parties, endSession: string | undefined): Record<string, unknown> {
  const { issuer, alias, password, suite } = parties;
  const [first, second] = parties.clients.map(({ id, secret }) => ({ client_id: id, client_secret: secret }));

  const keepPage = (text: string, action: string): Command => ['wait', 'xpath', '//*', 10, text, action];
  const optional = (task: string, match: string, commands: readonly Command[]) => ({
    task,
    optional: true,
    match: `${issuer}${match}`,
    commands,
  });
  const arrived = {
    task: 'Arrive',
    match: '*/test/*/callback*',
    commands: [['wait', 'id', 'submission_complete', 10]],
  };

  const login = (beforehand: readonly Command[] = []) => ({
    match: `${issuer}/authorize*`,
    tasks: [
      optional('Sign in', '/sign-in/*', [
        ...beforehand,
        ['text', 'id', 'username', 'alice'],
        ['text', 'id', 'password', password],
        ['click', 'css', 'button.primary'],
      ]),
      optional('Allow', '/consent/*', [['click', 'css', 'button[value=approve]']]),
      arrived,
    ],
  });
  const refused = (text: string) => ({
    match: `${issuer}/authorize*`,
    tasks: [
      {
        task: 'See the error page',
        match: `${issuer}/authorize*`,
        commands: [keepPage(text, 'update-image-placeholder')],
      },
    ],
  });
  // The sample asks before it signs somebody out on the word of nobody.
  const logOut = (afterwards?: string) => ({
    match: `${endSession}*`,
    tasks: [
      optional('Confirm', '/*', [['click', 'css', 'button.primary', 'optional']]),
      ...(afterwards === undefined
        ? [{ task: 'Be back', match: `${suite}/*`, commands: [] }]
        : [
            {
              task: 'See the page',
              match: `${issuer}/*`,
              commands: [keepPage(afterwards, 'update-image-placeholder')],
            },
          ]),
    ],
  });

  const pages: Record<string, readonly object[]> = {
    'oidcc-prompt-login': [login([keepPage('Sign in', 'update-image-placeholder-optional')])],
    'oidcc-max-age-1': [login([keepPage('Sign in', 'update-image-placeholder-optional')])],
    'oidcc-ensure-registered-redirect-uri': [refused('redirect_uri')],
    'oidcc-ensure-request-object-with-redirect-uri': [refused('redirect_uri')],
    'oidcc-ensure-redirect-uri-in-authorization-request': [refused('redirect_uri')],
    'oidcc-redirect-uri-query-added': [refused('redirect_uri')],
    'oidcc-redirect-uri-query-mismatch': [refused('redirect_uri')],
    ...(endSession && {
      'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-modified-id-token-hint': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-bad-id-token-hint': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-no-id-token-hint': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-no-params': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': [login(), logOut('.*')],
      'oidcc-rp-initiated-logout-only-state': [login(), logOut('.*')],
    }),
  };

  return {
    alias,
    description: 'The sample of nestjs-oidc-key',
    server: { discoveryUrl: `${issuer}/.well-known/openid-configuration`, login_hint: 'alice' },
    client: { ...first, redirect_uri: clientUrl(parties, 'callback') },
    client_secret_post: first,
    client2: second,
    options: { browsercontrol_css_enable: false },
    browser: [login(), ...(endSession ? [logOut()] : [])],
    override: Object.fromEntries(Object.entries(pages).map(([module, browser]) => [module, { browser }])),
  };
}
