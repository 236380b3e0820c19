import type { KeyObject } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';

import { Command, Option } from 'commander';

import { algorithmNamed, defaultAlgorithmOf, rsaModulus, signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { publicHalfOf } from '../core/key/public-jwk.js';
import { fileSuffix, keySettings } from '../sources/setting-names.js';
import { settingsInText } from '../sources/settings-file.js';
import { CommandLineError } from './command-line-error.js';
import { makePair } from '../stores/make-key.js';
import { bitsFrom } from './bits.option.js';
import { prefixOption } from './prefix.option.js';

interface GenerateOptions {
  readonly algorithm: SigningAlgorithm;
  readonly bits: number;
  readonly out?: string;
  readonly env?: true;
  readonly prefix: string;
}

export function generateCommand(): Command {
  return new Command('generate')
    .description(
      'Make a private key: a PKCS#8 PEM, or a JWK where a PEM would be taken for another algorithm.',
    )
    .addOption(
      new Option('--algorithm <name>', 'what the key is for').choices(signingAlgorithms).default('RS256'),
    )
    .option(
      '--bits <number>',
      `size of an RSA modulus, ${rsaModulus.minimumBits} to ${rsaModulus.maximumBits}`,
      bitsFrom,
      rsaModulus.minimumBits,
    )
    .option('--out <file>', 'write to a new file that only its owner can read (mode 0600); never overwrites')
    .option(
      '--env',
      'write a line for an env file, OIDC_PRIVATE_KEY=..., to the end of the file if there is one',
    )
    .addOption(prefixOption())
    .action(generate);
}

async function generate({ algorithm: alg, bits, out, env, prefix }: GenerateOptions): Promise<void> {
  const algorithm = algorithmNamed(alg)!;
  const { privateKey, publicKey } = await makePair(algorithm, bits);
  const { kid } = publicHalfOf(publicKey, alg).publicJwk;
  const key = encode(privateKey, alg);
  const setting = prefix + keySettings.current;
  const text = env ? `${setting}=${quoted(key)}\n` : key;
  if (out === undefined) process.stdout.write(text);
  else if (env) await addToEnvFile(out, setting, text);
  else await writeNewFile(out, text);
  // On standard error, so that standard output is the key and nothing else.
  const size = algorithm.modulus ? ` of ${bits} bits` : '';
  process.stderr.write(`${alg} key${size}, kid ${kid}${out === undefined ? '' : ` in ${out}`}\n`);
}

/** A PEM says nothing of the algorithm, so it is for a key that would be taken for this one without a word. */
function encode(privateKey: KeyObject, alg: SigningAlgorithm): string {
  if (defaultAlgorithmOf(privateKey)?.names[0] === alg) {
    return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }
  return `${JSON.stringify({ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg })}\n`;
}

/** A PEM needs its line ends escaped in double quotes; a JWK, which holds double quotes, stands in single ones. */
function quoted(key: string): string {
  return key.startsWith('{') ? `'${key.trim()}'` : `"${key.replaceAll('\n', '\\n')}"`;
}

/** An application has a file of this kind already, with other settings: they stay as they are. */
async function addToEnvFile(file: string, setting: string, line: string): Promise<void> {
  const before = await contentOf(file);
  if (before === undefined) return writeNewFile(file, line);
  const known = settingsInText(before);
  const name = [setting, setting + fileSuffix].find((each) => each in known);
  if (name !== undefined) {
    throw new CommandLineError(
      'SETTING_EXISTS',
      `${file} has ${name} and is left as it is: with another key, every token of the one that is there is invalid.`,
    );
  }
  try {
    await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`);
  } catch (error) {
    throw notWritten(error);
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notWritten(error);
  }
}

async function writeNewFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandLineError('FILE_EXISTS', `${file} exists and is left as it is. Name another file.`);
    }
    throw notWritten(error);
  }
}

function notWritten(error: unknown): CommandLineError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  // The name is not repeated: what is no file may be a key.
  return new CommandLineError('FILE_NOT_WRITTEN', `The file cannot be written (${code}).`);
}
