// What the demonstration keeps between two runs: its key set and its secrets.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandLine } from './command-line.js';

export interface DemoData {
  /** Where the keys are, and how long what takes its time: for the server and for the commands. */
  keySettings: Record<string, string>;
  /** Where the key of the first start comes from. */
  keyWas: 'made now' | 'taken over from the file of an earlier version' | 'kept from an earlier start';
  secrets: Secrets;
}

const secretsSchema = z.object({ session: z.string(), userPassword: z.string(), clientSecret: z.string() });
type Secrets = z.output<typeof secretsSchema>;

/** Makes the key and the secrets of the demonstration on the first start, and finds them on each later one. */
export async function prepareDemoData(folder: string): Promise<DemoData> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyFile = join(folder, 'oidc_keys.json');
  const keySettings = {
    OIDC_KEY_STORE: `file:${keyFile}`,
    // As short as they can be here, so that the picture of a rotation fits into a terminal. No token lives for longer
    // than 15 minutes: the refresh tokens of the demonstration are random texts, which no key has signed.
    OIDC_JWKS_MAX_AGE: '300',
    OIDC_KEY_RETENTION: '900',
  };
  const keyWas = await firstKey(new CommandLine(keySettings), keyFile, join(folder, 'oidc_private.pem'));
  return { keySettings, keyWas, secrets: await keptSecrets(join(folder, 'demo-secrets.json')) };
}

// What a developer does once by hand: npx nestjs-oidc-key init
async function firstKey(commandLine: CommandLine, file: string, before: string): Promise<DemoData['keyWas']> {
  if (existsSync(file)) return 'kept from an earlier start';
  if (existsSync(before)) {
    await commandLine.run('init', '--from', before);
    return 'taken over from the file of an earlier version';
  }
  await commandLine.run('init');
  return 'made now';
}

async function keptSecrets(file: string): Promise<Secrets> {
  if (existsSync(file)) return secretsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const secrets: Secrets = { session: secret(), userPassword: secret(), clientSecret: secret() };
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600, flag: 'wx' });
  return secrets;
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
