import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { checkedSignOptions, checkedVerifyOptions } from '../../lib/core/jwt/jwt-options.js';
import { kindsOfEnvironment } from '../../lib/doctor/environment/kinds-of-environment.js';
import { kindsOfIssuer } from '../../lib/doctor/issuer/rules.js';
import { kindsOfNextKeys } from '../../lib/doctor/next/next-keys.js';
import { defaultEnvPrefix, everySettingName, fileSuffix } from '../../lib/sources/setting-names.js';
import { errorOf } from '../support/errors.js';
import { firstCellsOf, pageAt } from '../support/pages.js';
import { root } from '../support/processes.js';

const sourceOf = (file: string) => readFileSync(join(root, 'lib', file), 'utf8');
/** The names in code font that stand first in a row. */
const namesIn = (path: string) =>
  firstCellsOf(pageAt(path)).flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));

describe('the tables of the documentation are whole, and have nothing that is not there', () => {
  const settings = everySettingName(defaultEnvPrefix).filter((name) => !name.endsWith(fileSuffix));

  it('settings', () => {
    const own = settings.filter((name) => name.startsWith(defaultEnvPrefix)).toSorted();
    const listed = namesIn('docs/configuration.md').filter((name) => name.startsWith(defaultEnvPrefix));
    expect(listed.toSorted()).toEqual(own);
    // An alias stands beside the name that it is one of.
    for (const name of settings) expect(pageAt('docs/configuration.md').text).toContain(`\`${name}\``);
    const first = namesIn('README.md').filter((name) => name.startsWith(defaultEnvPrefix));
    expect(first.filter((name) => !settings.includes(name))).toEqual([]);
  });

  it('options of the module', () => {
    const declared = /const everyOption.*?\{(.*?)\}/s.exec(sourceOf('options/resolve-options.ts'))![1]!;
    const names = [...declared.matchAll(/(\w+): true/g)].map(([, name]) => name!);
    const extras = ['isGlobal', 'jwks', 'envPrefix', 'issuerName'];
    // Lowers what a relying party is taken to cache, for a drill in scaled time.
    const internal = 'propagationFloor';
    const listed = namesIn('docs/configuration.md').filter((name) => /^[a-z]/.test(name));
    expect(listed.toSorted()).toEqual([...names.filter((name) => name !== internal), ...extras].toSorted());
  });

  it('options of the guard', () => {
    const declared = /const namesOfIssuer.*?\{(.*?)\}/s.exec(
      sourceOf('resource-server/resolve-issuer.ts'),
    )![1]!;
    const names = [...declared.matchAll(/(\w+): true/g)].map(([, name]) => name!);
    const { text } = pageAt('docs/resource-server.md');
    const section = text.slice(text.indexOf('## Options'), text.indexOf('## Who may call'));
    const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
    expect(listed.toSorted()).toEqual([...names, 'issuers', 'getToken', 'isGlobal'].toSorted());
  });

  it.each([
    ['sign', checkedSignOptions, 'sign(payload, options)', 'verify(token, options)'],
    ['verify', checkedVerifyOptions, 'verify(token, options)', 'decode(token)'],
  ] as const)('options of %s', (_, check, from, to) => {
    const isOption = (name: string) => {
      const error = errorOf(() => check({ [name]: Symbol('none') }));
      return !error.message.includes('has no such option');
    };
    const { text } = pageAt('docs/tokens.md');
    const section = text.slice(text.indexOf(`## ${from}`), text.indexOf(`## ${to}`));
    const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
    expect(listed.filter((name) => !isOption(name))).toEqual([]);
    const declared = [...sourceOf('core/jwt/jwt-options.ts').matchAll(/^ {2}(\w+)\?:/gm)].map(
      ([, name]) => name!,
    );
    const header = ['typ', 'alg', 'kid', 'cty'];
    const options = new Set(
      declared.filter((name) => isOption(name) && (listed.includes(name) || !header.includes(name))),
    );
    expect(listed.toSorted()).toEqual([...options].toSorted());
    // The README names them all in one row.
    const row = pageAt('README.md')
      .text.split('\n')
      .find((line) => line.startsWith(`| \`${from}\``))!;
    expect([...row.matchAll(/`(\w+)`/g)].map(([, name]) => name!).toSorted()).toEqual(listed.toSorted());
  });

  it.each([
    ['OIDC_TOKEN_', 'docs/tokens.md'],
    ['OIDC_KEY_', 'docs/troubleshooting.md'],
  ])('error codes: %s', (prefix, path) => {
    const declared = [...sourceOf('core/errors.ts').matchAll(/\| '(OIDC_\w+)'/g)].map(([, code]) => code!);
    const listed = namesIn(path).filter((name) => name.startsWith(prefix));
    expect(listed.toSorted()).toEqual(declared.filter((code) => code.startsWith(prefix)).toSorted());
  });
});

it('docs/stores.md has every code of a store, and no other', () => {
  const declared = [
    ...sourceOf('stores/key-store.ts').matchAll(/\| '(KEY_STORE_\w+)'/g),
    ...sourceOf('stores/store-reference-error.ts').matchAll(/'(KEY_STORE_\w+)' \|/g),
  ].map(([, code]) => code!);
  const listed = namesIn('docs/stores.md').filter((name) => name.startsWith('KEY_STORE_'));
  expect(listed.toSorted()).toEqual(declared.toSorted());
});

it('docs/doctor.md has every code of the doctor, how much it weighs and what to do, and no other', () => {
  const declared = Object.entries({ ...kindsOfIssuer, ...kindsOfNextKeys, ...kindsOfEnvironment }).map(
    ([code, { severity, remedy }]) => [code, severity, remedy].join(' '),
  );
  const rows = [
    ...pageAt('docs/doctor.md').text.matchAll(/^\| `([A-Z0-9_]{2,})` +\| ([a-z]+).*? +\| (.+?) +\|$/gm),
  ];
  const listed = rows.map(([, code, severity, remedy]) => [code, severity, remedy].join(' '));
  expect(listed.toSorted()).toEqual(declared.toSorted());
});

describe('docs/troubleshooting.md', () => {
  const { text } = pageAt('docs/troubleshooting.md');
  const sectionFrom = (title: string) => text.slice(text.indexOf(`## ${title}`)).split(/\n## /, 2)[0]!;
  const sources = [
    'oidc-key.module.ts',
    'sources/misspelt-settings.ts',
    'sources/exposed-key.ts',
    'jwks/other-handlers.ts',
    'options/config-service.ts',
    'rotation/rotation-messages.ts',
    'core/jwt/retention-guard.ts',
    'core/jwt/legacy/legacy-hs256.ts',
    'core/jwt/jwt-claims.ts',
    'resource-server/check-declarations.ts',
    'resource-server/check-guards.ts',
    'resource-server/refusal-log.ts',
    'resource-server/keys/keys-log.ts',
    'resource-server/keys/foreign-key-set.ts',
    'core/jwt/verify-signature.ts',
  ]
    .map(sourceOf)
    .join('\n')
    // A message may be written as several texts that are put together.
    .replaceAll(/['`]\s*\+\s*['`]/g, '');

  it.each(
    ['What the log says', 'A token is refused'].flatMap((title) =>
      [...sectionFrom(title).matchAll(/^\| (`.+?) *\|/gm)].flatMap(([, cell]) =>
        [...cell!.matchAll(/`([^`]+)`/g)].map(([, message]) => message!),
      ),
    ),
  )('%s is a message of the library, or of @jmondi/oauth2-server', (message) => {
    const theirs = readFileSync(join(root, 'node_modules/jsonwebtoken/sign.js'), 'utf8');
    for (const piece of message.split('…')) {
      const isThere = sources.includes(piece.trim()) || theirs.includes(piece.trim().slice(0, 40));
      expect([piece, isThere]).toEqual([piece, true]);
    }
  });
});
