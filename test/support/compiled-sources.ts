import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { transformFileSync } from '@swc/core';

import { root } from './processes.js';

/** Compiles one file of lib/sources and its neighbours, so that a child process can import it by the address given. */
export function compiledSource(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-compiled-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const done = new Set<string>();
  const compile = (file: string) => {
    if (done.has(file)) return;
    done.add(file);
    const { code } = transformFileSync(file, {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    writeFileSync(join(folder, basename(file).replace(/ts$/, 'js')), code);
    for (const [, neighbour] of code.matchAll(/from '\.\/([\w.-]+)\.js'/g)) {
      compile(join(dirname(file), `${neighbour}.ts`));
    }
  };
  compile(join(root, 'lib/sources', `${name}.ts`));
  const address = join(folder, `${name}.js`);
  if (!readFileSync(address, 'utf8').includes('export')) throw new Error(`${name} exports nothing`);
  return pathToFileURL(address).href;
}
