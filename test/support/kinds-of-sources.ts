import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { FileKeySource, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySlots, KeySource } from 'nestjs-oidc-key';

import { configurationOf } from './configuration.js';
import { OidcKeyError } from '../../lib/core/errors.js';
import { NamedValue } from '../../lib/core/reading/named-value.js';
import { keySettings } from '../../lib/sources/setting-names.js';
import { until } from './waiting.js';

type Member = keyof KeySlots;

/** What is configured, in whatever kind of source. */
export type Configuration = Readonly<Partial<Record<Member, string>>>;

/** The same, with a slot besides that nobody knows. */
export type Change = Configuration & { readonly unknownSlot?: string };

/** In place of a text: a part that is there and cannot be had. */
export const unreadable = 'unreadable';

/** Where the keys of an application come from. */
export interface KindOfSource {
  readonly name: string;
  /** The imports of an application that is configured so, and what changes all of it at once. */
  readonly make: (configuration: Configuration) => {
    readonly imports: NonNullable<DynamicModule['imports']>;
    /** Resolves when the change was looked at. */
    readonly change: (app: INestApplicationContext, to: Change) => Promise<void>;
  };
  /** True where a source can give a slot that nobody knows. */
  readonly hasSlots?: true;
}

const members = Object.keys(keySettings) as Member[];
const settingOf = (member: Member) => `OIDC_${keySettings[member]}`;
const aFolder = mkdtempSync(join(tmpdir(), 'oidc-key-'));

const reload = (app: INestApplicationContext) => app.get(KeyRotation).reload();

/** Texts as values; what cannot be had is a file that is none. */
function valuesOf(configuration: Configuration): Record<string, string> {
  return Object.fromEntries(
    members.flatMap((member) => {
      const text = configuration[member] ?? '';
      const isUnreadable = text === unreadable;
      return [
        [settingOf(member), isUnreadable ? '' : text],
        [`${settingOf(member)}_FILE`, isUnreadable ? aFolder : ''],
      ];
    }),
  ) as Record<string, string>;
}

/** Files of a folder that change in place, or all at once as Kubernetes swaps them. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'oidc-key-'));
  #version = 0;

  constructor(
    readonly nameOf: (member: Member) => string,
    readonly isMounted: boolean,
  ) {
    if (!isMounted) return;
    for (const member of members) {
      symlinkSync(join('..data', nameOf(member)), join(this.path, nameOf(member)));
    }
  }

  write(configuration: Configuration): void {
    if (!this.isMounted) {
      this.#writeInto(this.path, configuration);
      return;
    }
    const version = `..version_${(this.#version += 1)}`;
    mkdirSync(join(this.path, version));
    this.#writeInto(join(this.path, version), configuration);
    symlinkSync(version, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
  }

  #writeInto(folder: string, configuration: Configuration): void {
    for (const member of members) {
      const path = join(folder, this.nameOf(member));
      const text = configuration[member];
      rmSync(path, { recursive: true, force: true });
      if (text === unreadable) mkdirSync(path);
      else if (text !== undefined) writeFileSync(path, text);
    }
  }
}

const settingsInFiles = (name: string, isMounted: boolean): KindOfSource => ({
  name,
  make: (configuration) => {
    const folder = new Folder((member) => keySettings[member], isMounted);
    // The file of a setting is there, empty or not; the current key's may be gone.
    const whole = (some: Configuration): Configuration => ({
      ...Object.fromEntries(members.filter((member) => member !== 'current').map((member) => [member, ''])),
      ...some,
    });
    folder.write(whole(configuration));
    const settings = members.map((member) => [
      `${settingOf(member)}_FILE`,
      join(folder.path, folder.nameOf(member)),
    ]);
    return {
      imports: [configurationOf(Object.fromEntries(settings) as object), OidcKeyModule.forRootAsync()],
      change: async (app, to) => {
        folder.write(whole(to));
        await reload(app);
      },
    };
  },
});

const fileSource = (name: string, isMounted: boolean): KindOfSource => ({
  name,
  make: (configuration) => {
    const names: Readonly<Record<Member, string>> = {
      current: 'current.pem',
      next: 'next.pem',
      previous: 'previous.pem',
      revokedKids: 'revoked-kids',
      nextActivatesAt: 'next-activates-at',
      passphrase: 'passphrase',
    };
    const folder = new Folder((member) => names[member], isMounted);
    folder.write(configuration);
    return {
      imports: [OidcKeyModule.forRoot({ source: FileKeySource.inDirectory(folder.path) })],
      change: async (app, to) => {
        folder.write(to);
        await reload(app);
      },
    };
  },
});

const ownSource = (name: string, valueOf: (member: Member, value: unknown) => unknown): KindOfSource => ({
  name,
  hasSlots: true,
  make: (configuration) => {
    const slotsOf = (each: Change) =>
      Object.fromEntries(
        Object.entries(each).map(([member, text]) => [
          member,
          valueOf(member as Member, plainOf(member, text)),
        ]),
      ) as unknown as KeySlots;
    let slots = slotsOf(configuration);
    const source: KeySource = { load: async () => slots };
    return {
      imports: [OidcKeyModule.forRoot({ source })],
      change: async (app, to) => {
        slots = slotsOf(to);
        await reload(app);
      },
    };
  },
});

/** What an application would give: lists and dates, where a setting has texts. */
function plainOf(member: string, text: string): unknown {
  if (text === unreadable) return new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', `No answer for ${member}.`);
  if (member === 'revokedKids') return JSON.parse(text) as unknown;
  return member === 'nextActivatesAt' ? new Date(text) : text;
}

export const kindsOfSources: readonly KindOfSource[] = [
  {
    name: 'settings as values',
    make: (configuration) => ({
      imports: [configurationOf(valuesOf(configuration)), OidcKeyModule.forRootAsync()],
      change: async (app, to) => {
        for (const [name, value] of Object.entries(valuesOf(to))) app.get(ConfigService).set(name, value);
        await reload(app);
      },
    }),
  },
  {
    name: 'ConfigService.set()',
    make: (configuration) => ({
      imports: [configurationOf(valuesOf(configuration)), OidcKeyModule.forRootAsync()],
      change: async (app, to) => {
        let isOver = false;
        const subscription = app.get(KeyRotation).events$.subscribe(({ type }) => {
          isOver ||= type === 'loaded' || type === 'reload-failed';
        });
        for (const [name, value] of Object.entries(valuesOf(to))) app.get(ConfigService).set(name, value);
        await until(() => isOver);
        subscription.unsubscribe();
      },
    }),
  },
  settingsInFiles('settings as files', false),
  settingsInFiles('settings as files that are swapped by ..data', true),
  fileSource('FileKeySource', false),
  fileSource('FileKeySource over a mounted secret', true),
  ownSource('a source of one’s own with plain values', (_, value) => value),
  ownSource('a source of one’s own with named values', (member, value) =>
    member in keySettings ? new NamedValue(`The secret ${member}`, value) : value,
  ),
];
