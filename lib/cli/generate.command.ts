import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { Command, InvalidArgumentError, Option } from 'commander';

import {
  algorithm as algorithmOf,
  maximumRsaBits,
  minimumRsaBits,
  signingAlgorithms,
} from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { publicJwkOf } from '../core/key/public-jwk.js';
import { CommandLineError } from './command-line-error.js';

const generatePair = promisify(generateKeyPair);

interface GenerateOptions {
  readonly algorithm: SigningAlgorithm;
  readonly bits: number;
  readonly out?: string;
  readonly env?: true;
}

export function generateCommand(): Command {
  return new Command('generate')
    .description(
      'Make a private key: a PKCS#8 PEM, or for PS256 a JWK, since a PEM would be taken for RS256.',
    )
    .addOption(
      new Option('--algorithm <name>', 'what the key is for').choices(signingAlgorithms).default('RS256'),
    )
    .option(
      '--bits <number>',
      `size of an RSA modulus, ${minimumRsaBits} to ${maximumRsaBits}`,
      bitsFrom,
      minimumRsaBits,
    )
    .option('--out <file>', 'write to a new file that only its owner can read (mode 0600); never overwrites')
    .option('--env', 'write a line for an env file: OIDC_PRIVATE_KEY=...')
    .action(generate);
}

function bitsFrom(value: string): number {
  const bits = Number(value);
  // OpenSSL makes a modulus of any size; some relying parties only take whole bytes.
  if (/^\d+$/.test(value) && bits >= minimumRsaBits && bits <= maximumRsaBits && bits % 8 === 0) return bits;
  throw new InvalidArgumentError(`It has to be a multiple of 8 from ${minimumRsaBits} to ${maximumRsaBits}.`);
}

async function generate({ algorithm, bits, out, env }: GenerateOptions): Promise<void> {
  const { privateKey, publicKey } = await makePair(algorithm, bits);
  const { kid } = publicJwkOf(publicKey, algorithm);
  const key = encode(privateKey, algorithm);
  const text = env ? envLine(key) : key;
  if (out === undefined) {
    process.stdout.write(text);
  } else {
    await writeNewFile(out, text);
  }
  // On standard error, so that standard output is the key and nothing else.
  const size = algorithmOf(algorithm).keyType === 'rsa' ? ` of ${bits} bits` : '';
  process.stderr.write(`${algorithm} key${size}, kid ${kid}${out === undefined ? '' : ` in ${out}`}\n`);
}

function makePair(
  algorithm: SigningAlgorithm,
  bits: number,
): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  const { keyType, curve = '' } = algorithmOf(algorithm);
  if (keyType === 'ed25519') return generatePair('ed25519');
  return keyType === 'ec'
    ? generatePair('ec', { namedCurve: curve })
    : generatePair('rsa', { modulusLength: bits });
}

function encode(privateKey: KeyObject, algorithm: SigningAlgorithm): string {
  if (algorithm !== 'PS256') return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return `${JSON.stringify({ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm })}\n`;
}

/** A PEM needs its line ends escaped in double quotes; a JWK, which holds double quotes, stands in single ones. */
function envLine(key: string): string {
  const value = key.startsWith('{') ? `'${key.trim()}'` : `"${key.replaceAll('\n', '\\n')}"`;
  return `OIDC_PRIVATE_KEY=${value}\n`;
}

async function writeNewFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CommandLineError('FILE_EXISTS', `${file} exists and is left as it is. Name another file.`);
    }
    // The name is not repeated: what is no file may be a key.
    throw new CommandLineError('FILE_NOT_WRITTEN', `The file cannot be written (${code}).`);
  }
}
