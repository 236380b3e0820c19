import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { installedApplication } from '../../support/installed.js';
import { cleanEnvironment, run } from '../../support/processes.js';
import { recipe } from '../../support/recipes.js';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
}
interface Workflow {
  readonly name: string;
  readonly on: { readonly schedule: readonly { readonly cron: string }[]; readonly workflow_dispatch: null };
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly jobs: Readonly<Record<string, { readonly 'runs-on': string; readonly steps: readonly Step[] }>>;
}

const [workflow, ...more] = recipe<Workflow>('github-actions-rotate.yml');
const { steps } = workflow!.jobs.rotate!;
const line = steps.at(-1)!.run!;

describe('the recipe for GitHub Actions', () => {
  it('is one workflow, that runs each day and by hand', () => {
    expect(more).toEqual([]);
    expect(Object.keys(workflow!).toSorted()).toEqual(['concurrency', 'jobs', 'name', 'on', 'permissions']);
    expect(workflow!.on.schedule.map(({ cron }) => cron)).toEqual([
      expect.stringMatching(/^\d+ \d+ \* \* \*$/),
    ]);
    expect(workflow!.on).toHaveProperty('workflow_dispatch');
    expect(Object.keys(workflow!.jobs)).toEqual(['rotate']);
  });

  it('may read the repository and say who it is, and nothing else', () => {
    expect(workflow!.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  it('is not stopped in the middle by the next one', () => {
    expect(workflow!.concurrency['cancel-in-progress']).toBe(false);
  });

  it('has steps that each run or use something, and no credentials', () => {
    for (const step of steps) {
      expect(Object.keys(step).filter((name) => ['run', 'uses'].includes(name))).toHaveLength(1);
      if (step.uses !== undefined) expect(step.uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
    }
    expect(JSON.stringify(workflow)).not.toMatch(/secrets\.|access-key/);
  });

  it('rotates with a command that does what it says, tried on a file', async () => {
    const application = installedApplication('workflow');
    const store = `file:${join(application, 'keys.json')}`;
    const shell = (command: string) =>
      run('bash', ['-euo', 'pipefail', '-c', command], {
        cwd: application,
        env: cleanEnvironment({ npm_config_cache: join(application, 'npm') }),
      });
    expect(line).toMatch(/ rotate aws-secrets-manager:\S+ --every 90d$/);
    const onFile = line.replace(/aws-secrets-manager:\S+/, store);
    expect(await shell(onFile)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('KEY_SET_MISSING'),
    });
    expect(await shell(`npx --no -- nestjs-oidc-key init ${store} --algorithm ES256`)).toMatchObject({
      code: 0,
    });
    expect(await shell(onFile)).toMatchObject({ code: 0 });
    const keysNow = () =>
      (
        JSON.parse(readFileSync(join(application, 'keys.json'), 'utf8')) as {
          keys: { iat: number; nbf: number }[];
        }
      ).keys;
    expect(keysNow()).toHaveLength(1);
    const days = 91 * 86_400;
    const keys = keysNow().map((key) => ({ ...key, iat: key.iat - days, nbf: key.nbf - days }));
    writeFileSync(join(application, 'keys.json'), JSON.stringify({ keys }));
    expect(await shell(onFile)).toMatchObject({ code: 0 });
    expect(keysNow()).toHaveLength(2);
  });
});
