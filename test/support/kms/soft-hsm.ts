import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian and others have them. */
const find = (paths: readonly string[]) => paths.find((path) => existsSync(path)) ?? '';
export const softHsmModule = find([
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
]);
export const kitClientModule = find([
  '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib64/pkcs11/p11-kit-client.so',
]);
export const isSoftHsmInstalled =
  softHsmModule !== '' && ['softhsm2-util', 'pkcs11-tool'].every((name) => existsSync(`/usr/bin/${name}`));
export const isKitInstalled = isSoftHsmInstalled && kitClientModule !== '' && existsSync('/usr/bin/p11-kit');

export const pin = '1234';

/** A token of SoftHSM in a folder of its own. Its module finds it by the environment of the process that loads it. */
export class SoftHsm {
  readonly folder = mkdtempSync(join(tmpdir(), 'oidc-key-softhsm-'));
  readonly environment = { SOFTHSM2_CONF: join(this.folder, 'softhsm2.conf') };
  readonly pinFile = join(this.folder, 'pin');
  readonly query = `?module-path=${softHsmModule}&pin-source=${this.pinFile}`;
  readonly #before = process.env.SOFTHSM2_CONF;

  constructor(token = 't1') {
    const tokens = join(this.folder, 'tokens');
    mkdirSync(tokens);
    writeFileSync(
      this.environment.SOFTHSM2_CONF,
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
    );
    writeFileSync(this.pinFile, `${pin}\n`);
    this.addToken(token);
    // A module has no setting but these: the process of the driver has the environment of this one.
    Object.assign(process.env, this.environment);
  }

  addToken(label: string): void {
    const args = ['--init-token', '--free', '--label', label, '--so-pin', '5678', '--pin', pin];
    this.#run('softhsm2-util', args);
  }

  /** What a person at a console does to a token. */
  tool(args: readonly string[], token = 't1'): string {
    const who = ['--token-label', token, '--login', '--pin', pin];
    return this.#run('pkcs11-tool', ['--module', softHsmModule, ...who, ...args]);
  }

  /** What the tool shows of every token. */
  tokens(): string {
    return this.#run('pkcs11-tool', ['--module', softHsmModule, '--list-token-slots']);
  }

  /** Whether the token has counted a wrong PIN since the last right one. */
  hasCountedWrongPin(): boolean {
    return this.tokens().includes('user PIN count low');
  }

  stop(): void {
    if (this.#before === undefined) delete process.env.SOFTHSM2_CONF;
    else process.env.SOFTHSM2_CONF = this.#before;
    rmSync(this.folder, { recursive: true });
  }

  #run(program: string, args: readonly string[]): string {
    return execFileSync(program, args, {
      env: { ...process.env, ...this.environment },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
