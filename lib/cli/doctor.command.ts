import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

import { Command, InvalidArgumentError } from 'commander';

import { millisecondsOf } from '../core/reading/instant.js';
import { defectOfAuthorities } from '../network/authorities.js';
import { UsageError } from './command-line-error.js';
import { diagnoseSettings } from './doctor-environment.js';
import { diagnose } from './doctor-issuer.js';
import { prefixOption } from './prefix.option.js';
import { periodFrom } from './store.options.js';

interface DoctorOptions {
  readonly issuer?: string;
  readonly next?: true;
  readonly jwks?: string;
  readonly resolve?: ReadonlyMap<string, string>;
  readonly ca?: string;
  readonly seenSince?: number;
  readonly longestToken?: number;
  readonly json?: true;
  readonly prefix: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Check the environment before a deploy; or an issuer from outside, for what relying parties will not bear.',
    )
    .option('--issuer <url>', 'the issuer to look at, as tokens carry it in "iss"')
    .option('--next', 'say of each key that waits whether it is visible there, and whether it may sign')
    .option(
      '--jwks <url>',
      'the address of the JWKS, for an issuer without metadata: these are not asked for then',
    )
    .option('--resolve <host:address>', 'ask this IP address for this host; may be repeated', resolved)
    .option('--ca <file>', 'certificates of private authorities, in PEM')
    .option(
      '--longest-token <time>',
      'without --issuer: the lifetime of the longest-lived token, in seconds, or 90d, 12h, 30m',
      periodFrom,
    )
    .option(
      '--seen-since <instant>',
      'with --next: when the keys that wait were first seen there, as the visibleSince of an earlier run',
      pastInstantFrom,
    )
    .option('--json', 'write one JSON object')
    .addOption(prefixOption())
    .addHelpText(
      'after',
      '\nWithout --issuer it checks the environment and, as ConfigModule reads it, the file .env of this folder: whether\n' +
        'the application would boot, the store, who can write or read the files of keys, and the times.\n' +
        'Exit codes: 0 no error, though there may be warnings; 1 an error was found; 2 wrong usage; 3 nothing answered.\n' +
        'It asks over https alone (http on this machine), and follows nothing to a private address of another host.',
    )
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { issuer, next, jwks, resolve, ca, seenSince, longestToken, json, prefix } = options;
  if (issuer === undefined) {
    refuseWithoutIssuer(options);
    await diagnoseSettings({ prefix, longestToken, json: json ?? false });
    return;
  }
  if (longestToken !== undefined) {
    throw new UsageError(
      'OPTION_WITHOUT_USE',
      '--longest-token is about the environment. Leave --issuer out.',
    );
  }
  if (seenSince !== undefined && !next) {
    throw new UsageError('OPTION_WITHOUT_USE', '--seen-since is about keys that wait. Add --next.');
  }
  await diagnose(issuer, {
    resolve: Object.fromEntries(resolve ?? []),
    ca: ca === undefined ? undefined : await certificatesIn(ca),
    jwksUri: jwks,
    json: json ?? false,
    prefixOfNextKeys: next ? prefix : undefined,
    seenSince,
  });
}

/** A command that was meant for an issuer must not end with 0 since the environment is sound. */
function refuseWithoutIssuer(options: DoctorOptions): void {
  const names = ['next', 'jwks', 'resolve', 'ca', 'seenSince'] as const;
  const lonely = names.find((name) => options[name] !== undefined);
  if (lonely === undefined) return;
  throw new UsageError(
    'ISSUER_MISSING',
    `--${lonely === 'seenSince' ? 'seen-since' : lonely} is about an issuer. Say which: --issuer https://login.example.`,
  );
}

/** In milliseconds since 1970. */
function pastInstantFrom(value: string): number {
  const instant = millisecondsOf(value);
  if (instant <= Date.now()) return instant;
  throw new InvalidArgumentError(
    'It has to be an ISO 8601 instant with its time zone that is past, such as 2026-01-31T12:00:00Z.',
  );
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
    const defect = defectOfAuthorities(content);
    if (defect === undefined) return content;
    throw new UsageError('FILE_WITHOUT_CERTIFICATE', `The file of --ca ${defect}.`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UsageError('FILE_NOT_READ', `The file of --ca cannot be read (${code}).`);
  }
}
