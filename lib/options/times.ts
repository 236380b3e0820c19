import { defaultTiming, checkedSeconds } from '../rotation/timing.js';
import type { TimingOptions } from '../rotation/timing.js';
import { OidcKeyError } from '../core/errors.js';
import type { NamedValue } from '../core/reading/named-value.js';
import { decodeText } from '../core/reading/text.js';
import { Files } from '../sources/files/files.js';
import { timeSettings } from '../sources/setting-names.js';
import { readSetting } from '../sources/settings.js';
import type { SettingsReader } from '../sources/settings.js';

/** The seconds of each time, and how messages call what they come from. */
export type Times = Readonly<
  Record<keyof TimingOptions, { readonly seconds: number; readonly where: string }>
>;

const names = Object.keys(timeSettings) as (keyof TimingOptions)[];

/**
 * Times come from the options, else from the settings, whatever the keys come from, else from the defaults.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, and what is wrong with a setting
 */
export async function timesFrom(
  options: Readonly<Partial<Record<keyof TimingOptions, unknown>>>,
  settings: SettingsReader | undefined,
  prefix: string,
): Promise<Times> {
  const files = new Files().ofOneMoment();
  const times: Partial<Record<keyof TimingOptions, Times['jwksMaxAge']>> = {};
  for (const name of names) {
    const option = `The option "${name}"`;
    const setting = prefix + timeSettings[name];
    const seconds =
      options[name] === undefined
        ? settings && secondsIn(await readSetting(settings, setting, files))
        : checkedSeconds(options[name], option);
    times[name] = {
      seconds: seconds ?? defaultTiming[name],
      where: settings && options[name] === undefined ? setting : option.replace('The', 'the'),
    };
  }
  return times as Times;
}

/** The times alone. */
export function secondsOf({ jwksMaxAge, keyRetention, keySpread, clockSkew }: Times): TimingOptions {
  return {
    jwksMaxAge: jwksMaxAge.seconds,
    keyRetention: keyRetention.seconds,
    keySpread: keySpread.seconds,
    clockSkew: clockSkew.seconds,
  };
}

function secondsIn({ value, where, about }: NamedValue): number | undefined {
  if (value instanceof OidcKeyError) throw value;
  if (about.absence) throw about.absence;
  const text = decodeText(value)?.trim();
  return text === undefined
    ? undefined
    : checkedSeconds(/^\d+$/.test(text) ? Number(text) : Number.NaN, where);
}
