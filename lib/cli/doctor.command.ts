import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

import { Command, InvalidArgumentError } from 'commander';

import { UsageError } from './command-line-error.js';
import { diagnose } from './doctor-issuer.js';
import { prefixOption } from './prefix.option.js';

interface DoctorOptions {
  readonly issuer?: string;
  readonly next?: true;
  readonly jwks?: string;
  readonly resolve?: ReadonlyMap<string, string>;
  readonly ca?: string;
  readonly json?: true;
  readonly prefix: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Look at an issuer from outside, and say what its relying parties will not bear.')
    .option('--issuer <url>', 'the issuer to look at, as tokens carry it in "iss"')
    .option('--next', 'say of each key that waits whether it is visible there, and whether it may sign')
    .option(
      '--jwks <url>',
      'the address of the JWKS, for an issuer without metadata: these are not asked for then',
    )
    .option('--resolve <host:address>', 'ask this IP address for this host; may be repeated', resolved)
    .option('--ca <file>', 'certificates of private authorities, in PEM')
    .option('--json', 'write one JSON object')
    .addOption(prefixOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 no error, though there may be warnings; 1 an error was found; 2 wrong usage; 3 nothing answered.\n' +
        'It asks over https alone (http on this machine), and follows nothing to a private address of another host.',
    )
    .action(doctor);
}

async function doctor({ issuer, next, jwks, resolve, ca, json, prefix }: DoctorOptions): Promise<void> {
  if (issuer === undefined) {
    throw new UsageError('ISSUER_MISSING', 'Say which issuer to look at: --issuer https://login.example.');
  }
  await diagnose(issuer, {
    resolve: Object.fromEntries(resolve ?? []),
    ca: ca === undefined ? undefined : await certificatesIn(ca),
    jwksUri: jwks,
    json: json ?? false,
    prefixOfNextKeys: next ? prefix : undefined,
  });
}

function resolved(
  value: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const colon = value.indexOf(':');
  const host = value.slice(0, colon).toLowerCase();
  const address = value.slice(colon + 1).replaceAll(/^\[|\]$/g, '');
  if (colon < 1 || isIP(address) === 0) {
    throw new InvalidArgumentError('It has to be a host and an IP address, as login.example:10.0.0.7.');
  }
  return new Map([...before, [host, address]]);
}

async function certificatesIn(file: string): Promise<Buffer> {
  try {
    const content = await readFile(file);
    if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
    throw new UsageError('FILE_WITHOUT_CERTIFICATE', 'The file of --ca has no certificate in PEM.');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UsageError('FILE_NOT_READ', `The file of --ca cannot be read (${code}).`);
  }
}
