import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../processes.js';
import { serversFolder } from './server-process.js';

/** A program of Go, which `.ci/machine` builds from a folder beside it, and keeps under the digest of what is there. */
export function builtProgram(name: string): string | undefined {
  const sources = ['main.go', 'go.mod', 'go.sum'].map((file) => readFileSync(join(root, '.ci', name, file)));
  const digest = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16);
  const folder = join(serversFolder, `${name}-${digest}`);
  const [program] = existsSync(folder) ? readdirSync(folder).filter((each) => /^go[\d.]+$/.test(each)) : [];
  return program === undefined ? undefined : join(folder, program);
}
