import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

export interface DemoData {
  keyFile: string;
  keyWasMade: boolean;
  secrets: Secrets;
}

const secretsSchema = z.object({ session: z.string(), userPassword: z.string(), clientSecret: z.string() });
type Secrets = z.output<typeof secretsSchema>;

/** Makes the key and the secrets of the demonstration on the first start, and finds them on each later one. */
export async function prepareDemoData(folder: string): Promise<DemoData> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyFile = join(folder, 'oidc_private.pem');
  const keyWasMade = !existsSync(keyFile);
  if (keyWasMade) await makeKey(keyFile);
  return { keyFile, keyWasMade, secrets: await keptSecrets(join(folder, 'demo-secrets.json')) };
}

// What a developer does once by hand: npx nestjs-oidc-key generate --out <file>
async function makeKey(file: string): Promise<void> {
  await promisify(execFile)(process.execPath, [await commandLine(), 'generate', '--out', file]);
}

async function commandLine(): Promise<string> {
  const manifestUrl = import.meta.resolve('nestjs-oidc-key/package.json');
  const manifest = z
    .object({ bin: z.object({ 'nestjs-oidc-key': z.string() }) })
    .parse(JSON.parse(await readFile(new URL(manifestUrl), 'utf8')));
  return fileURLToPath(new URL(manifest.bin['nestjs-oidc-key'], manifestUrl));
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
