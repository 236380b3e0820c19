import type { KeySlots } from '../core/reading/key-slots.js';

/** What the names of the settings begin with, unless the application says otherwise. */
export const defaultEnvPrefix = 'OIDC_';

/**
 * The settings of keys, less their prefix, and what a source gives of each. Revocations are read first, so that no other
 * file that hangs keeps them from taking effect.
 */
export const keySettings: Readonly<Record<keyof KeySlots, string>> = {
  revokedKids: 'REVOKED_KIDS',
  current: 'PRIVATE_KEY',
  next: 'NEXT_KEYS',
  previous: 'PREVIOUS_KEYS',
  nextActivatesAt: 'NEXT_KEY_ACTIVATES_AT',
  passphrase: 'PRIVATE_KEY_PASSPHRASE',
};

/** The settings of times, less their prefix, and the option of each. In seconds. */
export const timeSettings = {
  jwksMaxAge: 'JWKS_MAX_AGE',
  keyRetention: 'KEY_RETENTION',
  keySpread: 'KEY_SPREAD',
  clockSkew: 'CLOCK_SKEW',
} as const;

/** The settings of the secret that signed before, less their prefix. They are read at boot, whatever the keys come from. */
export const legacySettings = {
  secret: 'LEGACY_HS256_SECRET',
  until: 'LEGACY_HS256_UNTIL',
} as const;

/** The setting that names a key store, less its prefix. Servers read it at boot, and commands each time. */
export const storeSetting = 'KEY_STORE';

/** The setting that lists the KMS references that a key set may name, less its prefix. */
export const signersSetting = 'SIGNERS';

/** The name of the private key in the documentation of `@jmondi/oauth2-server`, beside the one of the default prefix. */
const aliasOfPrivateKey = 'RSA_PRIVATE_KEY_PEM';

/** What is appended to a name for the path of a file that holds the value. */
export const fileSuffix = '_FILE';

/** The names under which a setting of keys is read, the first of them its own. */
export function namesOfKeySetting(
  member: keyof KeySlots,
  prefix: string,
): readonly [own: string, alias?: string] {
  const own = prefix + keySettings[member];
  return member === 'current' && prefix === defaultEnvPrefix ? [own, aliasOfPrivateKey] : [own];
}

/** Every name that is read, those of files included. */
export function everySettingName(prefix: string): string[] {
  const members = Object.keys(keySettings) as (keyof KeySlots)[];
  const names = [
    ...members.flatMap((member) => namesOfKeySetting(member, prefix)),
    ...[storeSetting, signersSetting, ...Object.values(timeSettings), ...Object.values(legacySettings)].map(
      (name) => prefix + name,
    ),
  ].filter((name) => name !== undefined);
  return names.flatMap((name) => [name, name + fileSuffix]);
}
