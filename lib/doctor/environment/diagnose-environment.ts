import { rehearseBoot } from '../../options/rehearse-boot.js';
import type { RehearsedBoot } from '../../options/rehearse-boot.js';
import type { NamedSettings } from '../../sources/misspelt-settings.js';
import { defaultEnvPrefix } from '../../sources/setting-names.js';
import type { Finding } from '../finding.js';
import { fileFindings } from './file-findings.js';
import { filesOfKeys } from './files-of-keys.js';
import { keyFindings } from './key-findings.js';
import { found } from './kinds-of-environment.js';
import { refusedBoot } from './refused-boot.js';
import { storeFindings } from './store-findings.js';
import { timingFindings } from './timing-findings.js';

/** What is looked at besides the settings. */
export interface EnvironmentOptions {
  /** What the names of the settings begin with. Default: `OIDC_`. */
  readonly prefix?: string | undefined;
  /** The lifetime of the longest-lived token that the application signs, in seconds. Default: not looked at. */
  readonly longestToken?: number | undefined;
  /** The file of settings that `settings` were read from, if they were. */
  readonly settingsFile?: string | undefined;
}

/**
 * Checks an environment before an application is deployed into it: whether it would boot and what it would warn of, the
 * times, the files, and the store. It writes nothing.
 *
 * @param values the settings by name, such as `process.env`
 */
export async function diagnoseEnvironment(
  values: Readonly<NodeJS.Dict<string>>,
  { prefix = defaultEnvPrefix, longestToken, settingsFile }: EnvironmentOptions = {},
): Promise<Finding[]> {
  const settings: NamedSettings = { get: (name) => values[name], names: () => Object.keys(values) };
  const files = await filesOfKeys(settings, prefix, settingsFile);
  const ofFiles = await Promise.all(files.map(fileFindings));
  return [...(await ofBoot(settings, prefix, longestToken)), ...ofFiles.flat()];
}

async function ofBoot(
  settings: NamedSettings,
  prefix: string,
  longestToken: number | undefined,
): Promise<Finding[]> {
  try {
    return await rehearseBoot(settings, prefix, async (boot) => [
      ...boot.warnings.map((message) => found('BOOT_WARNS', 'the settings', message)),
      ...keyFindings(boot.view, boot.now),
      ...timingFindings(boot.timing.figures, prefix, longestToken),
      ...(await ofStore(boot)),
    ]);
  } catch (error) {
    return [refusedBoot(error, prefix)];
  }
}

async function ofStore({ workplace }: RehearsedBoot): Promise<Finding[]> {
  return workplace ? storeFindings(await workplace()) : [];
}
