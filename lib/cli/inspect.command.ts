import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { Command } from 'commander';

import { loadKeyMaterial } from '../core/key-material.js';
import type { KeySetting } from '../core/key-material.js';
import { SigningKey, VerificationKey } from '../core/signing-key.js';
import { defaultEnvPrefix, readKeySettings, readPassphrase } from '../oidc-key.config.js';
import { CommandLineError } from './command-line-error.js';

interface InspectOptions {
  readonly json?: true;
  readonly prefix: string;
}

const environment = { get: (name: string) => process.env[name] };

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show kid, algorithm, size and public JWK of a key; never anything private.')
    .argument(
      '[file]',
      'a file with one or more keys, or "-" for standard input; without it, the environment',
    )
    .option('--prefix <prefix>', 'what the names in the environment begin with', defaultEnvPrefix)
    .option('--json', 'write one JSON array')
    .addHelpText(
      'after',
      '\nWithout a file it reads what the module would read: OIDC_PRIVATE_KEY or OIDC_PRIVATE_KEY_FILE.\n' +
        'The passphrase of an encrypted key comes from OIDC_PRIVATE_KEY_PASSPHRASE or its _FILE.',
    )
    .action(inspect);
}

async function inspect(file: string | undefined, { json, prefix }: InspectOptions): Promise<void> {
  const descriptions = loadKeyMaterial(await settingFrom(file, prefix)).map((material) => {
    const isPrivate = material.keyObject.type === 'private';
    // A private key is checked as it would be at boot.
    const key = isPrivate ? new SigningKey(material).proveNow() : new VerificationKey(material);
    const { kid, algorithm, publicJwk } = key;
    return { kid, algorithm, size: sizeOf(key), private: isPrivate, publicJwk };
  });
  process.stdout.write(
    json ? `${JSON.stringify(descriptions, null, 2)}\n` : descriptions.map(describe).join('\n'),
  );
}

type Description = Pick<VerificationKey, 'kid' | 'algorithm' | 'publicJwk'> & {
  readonly size: string;
  readonly private: boolean;
};

function sizeOf({ publicKey, publicJwk }: VerificationKey): string {
  return 'crv' in publicJwk ? publicJwk.crv : `${publicKey.asymmetricKeyDetails?.modulusLength} bits`;
}

function describe({ kid, algorithm, size, private: isPrivate, publicJwk }: Description): string {
  return [
    `kid         ${kid}`,
    `algorithm   ${algorithm}`,
    `size        ${size}`,
    `can sign    ${isPrivate ? 'yes' : 'no, it is a public key'}`,
    `public JWK  ${JSON.stringify(publicJwk)}`,
    '',
  ].join('\n');
}

async function settingFrom(file: string | undefined, prefix: string): Promise<KeySetting> {
  if (file === undefined) return readKeySettings(environment, prefix).current;
  const passphrase = readPassphrase(environment, prefix);
  if (file === '-') return { name: 'Standard input', value: await buffer(process.stdin), passphrase };
  try {
    return { name: file, value: await readFile(file), passphrase };
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new CommandLineError('FILE_NOT_READ', `${file} cannot be read (${code}).`);
  }
}
