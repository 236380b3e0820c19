import { dirname, join, resolve } from 'node:path';

import { OidcKeyError } from '../core/errors.js';
import { missing } from '../core/reading/missing-key.js';
import { NamedValue } from '../core/reading/named-value.js';
import { isUnset } from '../core/reading/text.js';
import { Files } from './files/files.js';
import type { KeySource } from './key-source.js';
import { fileSuffix, namesOfKeySetting } from './setting-names.js';

/** A file that holds a setting which nothing has read. */
interface UnreadSetting {
  readonly file: string;
  readonly folder: string;
  readonly name: string;
}

/** The source of settings, whose current key, where it is missing, says which file has it that was not read. */
export function explainingAbsence(source: KeySource, prefix: string): KeySource {
  return {
    ...source,
    load: async (signal) => {
      const slots = await source.load(signal);
      const { current } = slots;
      const isAbsent = current instanceof NamedValue && current.value === undefined && !current.about.absence;
      const explanation = isAbsent ? await explanationOf(prefix) : undefined;
      if (!isAbsent || explanation === undefined) return slots;
      const { code, message } = missing(current.where);
      const absence = new OidcKeyError(code, `${message} ${explanation}`);
      return { ...slots, current: new NamedValue(current.where, undefined, { ...current.about, absence }) };
    },
  };
}

async function explanationOf(prefix: string): Promise<string | undefined> {
  try {
    const unread = await findUnread(prefix);
    return unread && sentenceOf(unread);
  } catch (error) {
    // The folder in which the process was started is gone.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sentenceOf({ file, folder, name }: UnreadSetting): string {
  const here = resolve();
  const remedy =
    folder === here
      ? 'Check `ignoreEnvFile`, `envFilePath` and what `validate` returns in `ConfigModule.forRoot`.'
      : `ConfigModule reads \`.env\` of the folder in which the process was started, which is ${here}. Start it in ` +
        `${folder}, or name the file in \`envFilePath\` of \`ConfigModule.forRoot\`.`;
  return `\`${file}\` in ${folder} holds ${name}, but ConfigService does not have it: ${remedy}`;
}

/** Of names alone: what they are set to is not repeated. */
async function findUnread(prefix: string): Promise<UnreadSetting | undefined> {
  const files = new Files();
  const names = namesOfKeySetting('current', prefix).flatMap((name) =>
    name === undefined ? [] : [name, name + fileSuffix],
  );
  for (const folder of await foldersToLookIn(files)) {
    for (const file of namesOfFiles()) {
      const settings = await settingsIn(await files.glanceAt(join(folder, file)));
      const name = names.find((each) => !isUnset(settings[each]));
      if (name !== undefined) return { file, folder, name };
    }
  }
  return undefined;
}

function namesOfFiles(): string[] {
  const { NODE_ENV: mode = 'development' } = process.env;
  const ofMode = /^[\w-]{1,40}$/.test(mode) ? [`.env.${mode}`, `.env.${mode}.local`] : [];
  return ['.env', '.env.local', ...ofMode];
}

/** The folder in which the process was started, and the packages that it and the program are in. */
async function foldersToLookIn(files: Files): Promise<Set<string>> {
  const here = resolve();
  const program = process.argv[1];
  const packages = [
    await packageAround(here, files),
    program === undefined ? undefined : await packageAround(dirname(resolve(program)), files),
  ];
  return new Set([here, ...packages.filter((folder) => folder !== undefined)]);
}

async function packageAround(folder: string, files: Files): Promise<string | undefined> {
  if (await files.glanceAt(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : packageAround(above, files);
}

async function settingsIn(content: Buffer | undefined): Promise<Readonly<NodeJS.Dict<string>>> {
  if (!content) return {};
  // Whose key is there needs no parser.
  const { settingsInText } = await import('./settings-file.js');
  return settingsInText(content.toString('utf8'));
}
