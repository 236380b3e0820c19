import { algorithmNamed, rsaModulus } from '../core/algorithms.js';
import type { Algorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { Figures } from '../core/key-set/figures.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { decodeText } from '../core/reading/text.js';
import { timesFrom } from '../options/times.js';
import type { NamedSettings } from '../sources/misspelt-settings.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import { readPrivateSetting } from '../sources/exposed-key.js';
import { Files } from '../sources/files/files.js';
import { keySettings, storeSetting } from '../sources/setting-names.js';
import { readSetting } from '../sources/settings.js';
import type { KeyStore } from '../stores/key-store.js';
import type { MakeKeyFor, Workplace } from '../stores/run-command.js';
import { StandardStreams } from '../stores/standard-streams.js';
import { keyStoreNamed } from '../stores/store-reference.js';
import { UsageError } from './command-line-error.js';
import { readEnvironment } from './environment.js';
import { makePair } from './make-pair.js';
import { timingIn } from './store.options.js';
import type { StoreOptions } from './store.options.js';

/** What a command is run on, as the command line and the environment say it. */
export async function workplaceFor(
  reference: string | undefined,
  options: StoreOptions & { readonly bits?: number; readonly dryRun?: true },
): Promise<Workplace> {
  const environment = await readEnvironment();
  const { prefix, bits, dryRun } = options;
  const { store, where } = await storeFor(reference, environment, prefix);
  return {
    store,
    decryption: await decryptionFor(where, environment, prefix),
    figures: await figuresFor(options, environment),
    make: makeKeyOf(bits),
    isDryRun: dryRun,
  };
}

async function storeFor(
  reference: string | undefined,
  environment: NamedSettings,
  prefix: string,
): Promise<{ store: KeyStore; where: string }> {
  const setting = prefix + storeSetting;
  const named = reference === undefined ? await settingOf(setting, environment) : decodeText(reference);
  if (named === undefined) {
    throw new UsageError('STORE_MISSING', `Name a store: file:PATH, or "-". Or set ${setting}.`);
  }
  if (named !== '-') {
    return {
      store: keyStoreNamed(named, {
        name: reference === undefined ? setting : 'STORE',
        setting: (name) => decodeText(environment.get(name)),
      }),
      where: named,
    };
  }
  if (process.stdin.isTTY) {
    throw new UsageError(
      'TERMINAL_AS_INPUT',
      'Standard input is a terminal, and "-" reads the key set from there. Pipe it in.',
    );
  }
  return { store: new StandardStreams(process.stdin), where: 'Standard input' };
}

async function settingOf(name: string, environment: NamedSettings): Promise<string | undefined> {
  const { value, about } = await readSetting(environment, name, new Files().ofOneMoment());
  if (value instanceof OidcKeyError) throw value;
  if (about.absence) throw about.absence;
  return decodeText(value);
}

/** @throws OidcKeyError where the passphrase cannot be had: without it the key set would be written plain */
export async function decryptionFor(
  where: string,
  environment: NamedSettings,
  prefix: string,
): Promise<Decryption> {
  const name = prefix + keySettings.passphrase;
  const { value, about } = await readPrivateSetting(environment, name, new Files().ofOneMoment());
  if (value instanceof OidcKeyError) throw value;
  if (about.absence) throw about.absence;
  if (about.warning !== undefined) process.stderr.write(`warning: ${about.warning}\n`);
  return { where, passphrase: value, remedy: `Set ${name}, or ${name}_FILE if it holds a "$"` };
}

async function figuresFor(options: StoreOptions, environment: NamedSettings): Promise<Figures> {
  const times = await timesFrom(timingIn(options), environment, options.prefix);
  const seconds = Object.entries(times).map(([name, time]) => [name, time.seconds] as const);
  return Object.fromEntries(seconds) as unknown as Figures;
}

function makeKeyOf(bits: number | undefined): MakeKeyFor {
  return async (alg, set) => {
    const algorithm = algorithmNamed(alg)!;
    const { privateKey } = await makePair(
      algorithm,
      bits ?? bitsIn(set, algorithm) ?? rsaModulus.minimumBits,
    );
    return { privateKey };
  };
}

/** The size of the newest key of an algorithm, where it has one. */
function bitsIn(set: KeySet | undefined, algorithm: Algorithm): number | undefined {
  const modulus = set?.of(algorithm).at(-1)?.toDocument().n;
  return typeof modulus !== 'string' ? undefined : Buffer.from(modulus, 'base64url').length * 8;
}
