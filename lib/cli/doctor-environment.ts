import { diagnoseEnvironment } from '../doctor/environment/diagnose-environment.js';
import type { EnvironmentOptions } from '../doctor/environment/diagnose-environment.js';
import { bySeverity } from '../doctor/issuer/diagnose-issuer.js';
import { settingsFile, settingValues } from './environment.js';
import { exitCodeOfFindings, findingsText, safeJson } from './findings-report.js';

interface SettingsOptions extends Pick<EnvironmentOptions, 'prefix' | 'longestToken'> {
  readonly json: boolean;
}

/** Checks the environment, as an application that is started in this folder reads it, and says what it finds. */
export async function diagnoseSettings({ json, ...options }: SettingsOptions): Promise<void> {
  const findings = bySeverity(await diagnoseEnvironment(await settingValues(), { ...options, settingsFile }));
  process.stdout.write(json ? safeJson({ findings }) : findingsText('The environment', findings));
  process.exitCode = exitCodeOfFindings(findings);
}
