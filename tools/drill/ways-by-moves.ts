import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { everyKms } from '../../test/support/kms/every-kms.js';
import type { KmsUnderTest, RunningKms } from '../../test/support/kms/kms-under-test.js';
import { Command, environmentFor } from './command.js';
import { Replicas } from './replicas.js';
import type { Issuer, Way } from './way.js';

/** Between which a key moves: from the file to each of these, and back. */
const drilled = ['vault-transit', 'pkcs11'];
const theStore = 'store';

interface Stage {
  readonly kms: KmsUnderTest;
  readonly running: RunningKms;
}

interface MovingIssuerOptions {
  readonly stages: readonly Stage[];
  readonly place: { readonly reference: string; readonly environment: Record<string, string> };
  readonly file: string;
  readonly replicas: Replicas;
}

/** An issuer whose key moves from its file to one KMS after the other, and back into the file. */
class MovingIssuer implements Issuer {
  rotations = 0;
  readonly #options: MovingIssuerOptions;

  constructor(options: MovingIssuerOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.replicas.issuer;
  }

  get mishaps(): Record<string, number> {
    return { 'replicas killed': this.#options.replicas.crashes, moves: this.rotations };
  }

  /** Once around. */
  async rotate(): Promise<void> {
    for (const { running } of this.#options.stages) {
      await this.#moveTo((await running.target('RS256')) + running.query);
    }
    await this.#moveTo(theStore);
  }

  async stop(): Promise<void> {
    const { replicas, stages } = this.#options;
    await replicas.stop();
    await Promise.all(stages.map(({ running }) => running.stop()));
  }

  async #moveTo(target: string): Promise<void> {
    const { place, replicas, file } = this.#options;
    const outcome = await (await Command.prepare('rotate', place, target)).run();
    if (outcome !== 'written') throw new Error(`A key did not move: ${outcome}`);
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: { kid: string }[] };
    await replicas.crash(replicas.all.at(-1)!);
    await replicas.untilAllSign(keys.at(-1)!.kid);
    this.rotations += 1;
  }
}

const rows = drilled.flatMap((kind) => everyKms.find((kms) => kms.kind === kind) ?? []);
const missing = rows.filter(({ isInstalled }) => !isInstalled).map(({ against }) => against);

export const waysByMoves: readonly Way[] = [
  {
    name: `key that moves: file, ${rows.map(({ kind, against }) => `${kind} (${against})`).join(', ')}, file`,
    isSafe: true,
    isMissing:
      missing.length === 0 ? undefined : `${missing.join(', ')}: not installed; .ci/machine installs it`,
    start: async (path) => {
      const stages: Stage[] = [];
      for (const kms of rows) stages.push({ kms, running: await kms.start() });
      const file = join(path, 'moving-keys.json');
      const environment: Record<string, string> = {
        OIDC_SIGNERS: stages.map(({ kms, running }) => `${kms.kind}:${running.query}`).join(' '),
      };
      for (const { running } of stages) Object.assign(environment, running.environment);
      const place = { reference: `file:${file}`, environment };
      const outcome = await (await Command.prepare('init', place)).run();
      if (outcome !== 'written') throw new Error(`The first key was not made: ${outcome}`);
      const settings = { ...environmentFor(place), OIDC_KEY_STORE: place.reference };
      const replicas = await Replicas.of(() => settings);
      await replicas.startAll();
      return new MovingIssuer({ stages, place, file, replicas });
    },
  },
];
