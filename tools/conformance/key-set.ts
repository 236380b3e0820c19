// The sample's keys: a key set in a file, made and rotated by the commands of this module.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { makeKeyPair } from '../../test/support/key-pairs.js';

const command = fileURLToPath(new URL('../../../../dist/bundle/cli/main.js', import.meta.url));

/** The algorithms of ID tokens that are tried, by the name that the sample's setting takes. */
export const algorithmNames = ['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519'] as const;
export type AlgorithmName = (typeof algorithmNames)[number];

const rotated = z.object({
  now: z.iso.datetime(),
  timing: z.object({ propagation: z.number() }),
});

function keyFor(algorithm: AlgorithmName): object {
  const { privateKey } =
    algorithm === 'ES256'
      ? makeKeyPair('ec', { namedCurve: 'P-256' })
      : algorithm === 'EdDSA' || algorithm === 'Ed25519'
        ? makeKeyPair('ed25519')
        : makeKeyPair('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: algorithm };
}

export class KeySet {
  /** What the servers are configured with, and the commands too. As short as the module allows. */
  readonly settings: Record<string, string>;
  readonly #folder: string;
  #newestSignsAt = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.settings = {
      OIDC_KEY_STORE: `file:${join(folder, 'keys.json')}`,
      OIDC_JWKS_MAX_AGE: '2',
      OIDC_KEY_SPREAD: '2',
      OIDC_CLOCK_SKEW: '1',
    };
  }

  /** Beside RS256, which every issuer has (OpenID Connect Core section 15.1), a key for the ID tokens. */
  async make(algorithm: AlgorithmName): Promise<void> {
    const keys = [...new Set<AlgorithmName>(['RS256', algorithm])].map(keyFor);
    const file = join(this.#folder, 'first-keys.json');
    writeFileSync(file, JSON.stringify({ keys }), { mode: 0o600 });
    await this.#run('init', '--from', file);
  }

  /**
   * Adds keys, once those of before sign: until then the command refuses. Resolves to when they begin to sign, in
   * milliseconds since the epoch.
   */
  async rotate(): Promise<number> {
    await wait(Math.max(0, this.#newestSignsAt - Date.now()));
    const { now, timing } = rotated.parse(JSON.parse(await this.#run('rotate', '--json')));
    this.#newestSignsAt = Date.parse(now) + timing.propagation * 1000;
    return this.#newestSignsAt;
  }

  async #run(...args: readonly string[]): Promise<string> {
    const env = { ...this.settings, PATH: process.env.PATH ?? '', NO_COLOR: '1' };
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { env });
    return stdout;
  }
}
