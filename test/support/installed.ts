import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { commandLine, root } from './processes.js';

/** A folder of an ES module application in which this package and everything that the repository has is installed. */
export function installedApplication(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `oidc-key-${name}-`));
  const application = join(folder, 'application');
  mkdirSync(join(application, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  symlinkSync(root, join(application, 'node_modules/nestjs-oidc-key'));
  // npm sets this bit when it installs the package.
  chmodSync(commandLine, 0o755);
  symlinkSync(commandLine, join(application, 'node_modules/.bin/nestjs-oidc-key'));
  writeFileSync(join(application, 'package.json'), '{ "name": "application", "type": "module" }');
  return application;
}
