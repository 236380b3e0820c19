import { generateKeyPair } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { Command, InvalidArgumentError } from 'commander';

import { algorithmNamed } from '../core/algorithms.js';
import { thumbprintOf } from '../core/public-jwk.js';
import { CommandLineError } from './command-line-error.js';

const { minimumBits, maximumBits } = algorithmNamed('RS256');

interface GenerateOptions {
  readonly bits: number;
  readonly out?: string;
  readonly env?: true;
}

export function generateCommand(): Command {
  return new Command('generate')
    .description('Make an RSA private key (PKCS#8 PEM) for RS256.')
    .option('--bits <number>', `size of the modulus, ${minimumBits} to ${maximumBits}`, bitsFrom, minimumBits)
    .option('--out <file>', 'write to a new file that only its owner can read (mode 0600); never overwrites')
    .option('--env', 'write a line for an env file: OIDC_PRIVATE_KEY="..."')
    .action(generate);
}

function bitsFrom(value: string): number {
  const bits = Number(value);
  // OpenSSL makes a modulus of any size; some relying parties only take whole bytes.
  if (/^\d+$/.test(value) && bits >= minimumBits && bits <= maximumBits && bits % 8 === 0) return bits;
  throw new InvalidArgumentError(`It has to be a multiple of 8 from ${minimumBits} to ${maximumBits}.`);
}

async function generate({ bits, out, env }: GenerateOptions): Promise<void> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const text = env ? `OIDC_PRIVATE_KEY="${pem.replaceAll('\n', '\\n')}"\n` : pem;
  if (out === undefined) {
    process.stdout.write(text);
  } else {
    await writeNewFile(out, text);
  }
  // On standard error, so that standard output is the key and nothing else.
  const place = out === undefined ? '' : ` in ${out}`;
  process.stderr.write(`RS256 key of ${bits} bits, kid ${thumbprintOf(publicKey)}${place}\n`);
}

async function writeNewFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CommandLineError('FILE_EXISTS', `${file} exists and is left as it is. Name another file.`);
    }
    throw new CommandLineError('FILE_NOT_WRITTEN', `${file} cannot be written (${code}).`);
  }
}
