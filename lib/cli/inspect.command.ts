import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { Command, InvalidArgumentError } from 'commander';

import { loadKeyMaterial } from '../core/reading/key-material.js';
import { SigningKey } from '../core/key/signing-key.js';
import { loadSlotsNow } from '../core/ring/slots.js';
import { VerificationKey } from '../core/key/verification-key.js';
import {
  defaultEnvPrefix,
  passphraseRemedyFor,
  readKeySettings,
  readPassphrase,
} from '../sources/settings.js';
import { CommandLineError } from './command-line-error.js';

interface InspectOptions {
  readonly json?: true;
  readonly prefix: string;
}

/** A key, and the slot that it is in where the slots are known. */
interface Inspected {
  readonly key: VerificationKey;
  readonly slot?: 'current' | 'next' | 'previous';
}

const environment = { get: (name: string) => process.env[name] };

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show kid, algorithm, size and public JWK of keys; never anything private.')
    .argument(
      '[file]',
      'a file with one or more keys, or "-" for standard input; without it, the environment',
    )
    .option('--prefix <prefix>', 'what the names in the environment begin with', prefixFrom, defaultEnvPrefix)
    .option('--json', 'write one JSON array')
    .addHelpText(
      'after',
      '\nWithout a file it reads and checks what the module would: OIDC_PRIVATE_KEY, OIDC_NEXT_KEYS,\n' +
        'OIDC_PREVIOUS_KEYS or their _FILE, and refuses keys that would not boot.\n' +
        'The passphrase of an encrypted key comes from OIDC_PRIVATE_KEY_PASSPHRASE or its _FILE.',
    )
    .action(inspect);
}

function prefixFrom(value: string): string {
  // Messages name settings by it, so it must not be a key.
  if (/^[A-Z][A-Z0-9_]{0,39}$/.test(value)) return value;
  throw new InvalidArgumentError(
    'It has to be 40 capitals, digits and underscores at most, such as ADMIN_OIDC_.',
  );
}

async function inspect(file: string | undefined, { json, prefix }: InspectOptions): Promise<void> {
  const inspected = file === undefined ? keysOfEnvironment(prefix) : await keysOfFile(file, prefix);
  const descriptions = inspected.map(({ key, slot }) => ({
    kid: key.kid,
    algorithm: key.algorithm,
    size: sizeOf(key),
    private: key instanceof SigningKey,
    ...(slot && { slot }),
    publicJwk: key.publicJwk,
  }));
  process.stdout.write(
    json ? `${JSON.stringify(descriptions, null, 2)}\n` : descriptions.map(describe).join('\n'),
  );
}

function keysOfEnvironment(prefix: string): Inspected[] {
  const slots = loadSlotsNow(readKeySettings(environment, prefix));
  return (['current', 'next', 'previous'] as const).flatMap((slot) =>
    slots[slot].map((key) => ({ key, slot })),
  );
}

async function keysOfFile(file: string, prefix: string): Promise<Inspected[]> {
  const setting = {
    name: file === '-' ? 'Standard input' : file,
    value: await contentOf(file),
    passphrase: readPassphrase(environment, prefix),
    passphraseRemedy: passphraseRemedyFor(prefix),
  };
  return loadKeyMaterial(setting).map((material) => {
    const isPrivate = material.keyObject.type === 'private';
    const key = isPrivate ? new SigningKey(material) : new VerificationKey(material);
    return { key: key.proveNow() };
  });
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

type Description = Pick<VerificationKey, 'kid' | 'algorithm' | 'publicJwk'> & {
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
