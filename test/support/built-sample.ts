import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from './processes.js';

/** A file of the sample as it was built, with the types of its source. */
export async function builtSample<Module>(file: string): Promise<Module> {
  const url = pathToFileURL(join(root, 'sample-app/dist/src', file));
  return (await import(url.href)) as Module;
}
