import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { Command } from 'commander';

import { signingKeyOf, verificationKeyOf } from '../core/key/signing-key.js';
import { runLater } from '../core/key/steps.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { loadKeyMaterial } from '../core/reading/key-material.js';
import type { NamedValue } from '../core/reading/named-value.js';
import type { Slot } from '../core/ring/life.js';
import { rehearseBoot } from '../options/rehearse-boot.js';
import type { NamedSettings } from '../sources/misspelt-settings.js';
import { defaultEnvPrefix, everySettingName } from '../sources/setting-names.js';
import { settingsSource } from '../sources/settings.source.js';
import { CommandLineError } from './command-line-error.js';
import { readEnvironment } from './environment.js';
import { prefixOption } from './prefix.option.js';

interface InspectOptions {
  readonly json?: true;
  readonly prefix: string;
}

/** A key, and the slot that it is in where the slots are known. */
interface Inspected {
  readonly key: VerificationKey;
  readonly isPrivate: boolean;
  readonly slot?: Slot;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show kid, algorithm, size and public JWK of keys; never anything private.')
    .argument(
      '[file]',
      'a file with one or more keys, or "-" for standard input; without it, the environment',
    )
    .addOption(prefixOption())
    .option('--json', 'write one JSON array')
    .addHelpText(
      'after',
      '\nWithout a file it checks what the module would: the environment and, as ConfigModule does, the file .env of\n' +
        'this folder. It refuses what would not boot, and says what a boot would warn of. It reads:\n' +
        everySettingName(defaultEnvPrefix)
          .map((name) => `  ${name}\n`)
          .join(''),
    )
    .action(inspect);
}

async function inspect(file: string | undefined, { json, prefix }: InspectOptions): Promise<void> {
  const environment = await readEnvironment();
  const inspected =
    file === undefined ? await keysOf(environment, prefix) : await keysOfFile(file, environment, prefix);
  const descriptions = inspected.map(({ key, isPrivate, slot }) => ({
    kid: key.kid,
    algorithm: key.alg,
    size: sizeOf(key),
    private: isPrivate,
    ...(slot && { slot }),
    publicJwk: key.publicJwk,
  }));
  process.stdout.write(
    json ? `${JSON.stringify(descriptions, null, 2)}\n` : descriptions.map(describe).join('\n'),
  );
}

/** What a boot makes of the settings, by the code that a boot runs. */
async function keysOf(environment: NamedSettings, prefix: string): Promise<Inspected[]> {
  const { view, warnings } = await rehearseBoot(environment, prefix, (boot) => boot);
  for (const warning of warnings) warn(warning);
  return view.keys.map(({ key, slot }) => ({ key, slot, isPrivate: slot !== 'previous' }));
}

function warn(message: string): void {
  process.stderr.write(`warning: ${message}${/[.?]$/.test(message) ? '' : '.'}\n`);
}

async function keysOfFile(file: string, environment: NamedSettings, prefix: string): Promise<Inspected[]> {
  const { passphrase } = await settingsSource(environment, prefix).load(new AbortController().signal);
  const { value, about } = passphrase as NamedValue;
  const setting = {
    name: file === '-' ? 'Standard input' : file,
    value: await contentOf(file),
    passphrase: value,
    passphraseRemedy: about.remedy,
    // Nobody has said yet what the file is for, and previous keys may be public, of others too.
    role: 'verifies' as const,
    onSkipped: warn,
  };
  const inspected: Inspected[] = [];
  for (const material of loadKeyMaterial(setting)) {
    const isPrivate = material.keyObject.type === 'private';
    const { key } = isPrivate
      ? await runLater(signingKeyOf(material))
      : { key: await runLater(verificationKeyOf(material)) };
    inspected.push({ key, isPrivate });
  }
  return inspected;
}

async function contentOf(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    // The name is not repeated: people do put the key itself there.
    throw new CommandLineError('FILE_NOT_READ', `The file cannot be read (${code}).`);
  }
}

function sizeOf({ publicKey, publicJwk }: VerificationKey): string {
  return 'crv' in publicJwk ? publicJwk.crv : `${publicKey.asymmetricKeyDetails?.modulusLength} bits`;
}

type Description = Pick<VerificationKey, 'kid' | 'publicJwk'> & {
  readonly algorithm: string;
  readonly size: string;
  readonly private: boolean;
  readonly slot?: string;
};

function describe({ kid, algorithm, size, private: isPrivate, slot, publicJwk }: Description): string {
  return [
    `kid         ${kid}`,
    `algorithm   ${algorithm}`,
    `size        ${size}`,
    `can sign    ${isPrivate ? 'yes' : 'no, it is a public key'}`,
    ...(slot ? [`slot        ${slot}`] : []),
    `public JWK  ${JSON.stringify(publicJwk)}`,
    '',
  ].join('\n');
}
