import { InvalidArgumentError, Option } from 'commander';

import { defaultEnvPrefix } from '../sources/setting-names.js';

export function prefixOption(): Option {
  return new Option('--prefix <prefix>', 'what the names of the settings begin with')
    .argParser(prefixFrom)
    .default(defaultEnvPrefix);
}

function prefixFrom(value: string): string {
  // Messages name settings by it, so it must not be a key.
  if (/^[A-Z][A-Z0-9_]{0,39}$/.test(value)) return value;
  throw new InvalidArgumentError(
    'It has to be 40 capitals, digits and underscores at most, such as ADMIN_OIDC_.',
  );
}
