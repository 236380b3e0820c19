import { describe, expect, it } from '@jest/globals';

import { fromStoreOf } from '../../lib/options/from-store.js';
import { legacyFrom } from '../../lib/options/legacy.js';
import { allowedReferences } from '../../lib/options/signers-on-demand.js';
import { timesFrom } from '../../lib/options/times.js';
import { defaultTiming, timingOf } from '../../lib/rotation/timing.js';
import { everySettingName } from '../../lib/sources/setting-names.js';
import { settingsSource } from '../../lib/sources/settings.source.js';

describe.each(['OIDC_', 'ADMIN_'])('the names of the settings under %s', (prefix) => {
  it('are the ones that are read, and no others', async () => {
    const asked = new Set<string>();
    const reader = { get: (name: string) => void asked.add(name) };
    const source = settingsSource(reader, prefix);
    source.watch!(() => undefined)();
    await source.load(new AbortController().signal);
    await timesFrom({}, reader, prefix);
    await legacyFrom({}, reader, prefix);
    const signers = await allowedReferences(undefined, reader, prefix);
    await fromStoreOf(
      {},
      {
        settings: reader,
        prefix,
        timing: timingOf(defaultTiming),
        reloadInterval: undefined,
        signers,
      },
    );
    expect([...asked].toSorted()).toEqual(everySettingName(prefix).toSorted());
  });

  it('are those of keys, of a store, of times and of the secret of before, each with the name of its file', () => {
    const names = everySettingName(prefix);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !name.endsWith('_FILE')).map((name) => `${name}_FILE`)).toEqual(
      names.filter((name) => name.endsWith('_FILE')),
    );
    expect(names).toContain(`${prefix}KEY_STORE`);
    expect(names.includes('RSA_PRIVATE_KEY_PEM')).toBe(prefix === 'OIDC_');
  });
});
