import { KeyLoader } from '../core/ring/key-loader.js';
import type { Lives } from '../core/ring/life.js';
import { revocationsIn } from '../core/ring/members-of-slots.js';
import { askSource } from '../rotation/ask-source.js';
import { systemClock } from '../rotation/clock.js';
import type { Moment } from '../rotation/clock.js';
import { LivesInService } from '../rotation/lives-in-service.js';
import type { RotationView } from '../rotation/rotation-view.js';
import type { RotationTiming } from '../rotation/timing.js';
import { warningsOf } from '../rotation/warnings.js';
import type { WatchableSettings } from '../sources/settings.source.js';
import type { Workplace } from '../stores/run-command.js';
import { resolveOptions } from './resolve-options.js';

/** What a boot would make of the settings. */
export interface RehearsedBoot {
  readonly view: RotationView;
  /** What configuration says of the keys. */
  readonly loaded: Lives;
  readonly now: Moment;
  readonly timing: RotationTiming;
  /** What the boot would tell the log. */
  readonly warnings: readonly string[];
  /** Where the keys come from a store. */
  readonly workplace: (() => Promise<Workplace>) | undefined;
}

/** What does not sign stops the boot, and says why. */
const silence = { error: () => undefined, log: () => undefined };

/**
 * Runs what a boot runs, without an application, and hands over what comes of it; signers are open meanwhile.
 *
 * @throws OidcKeyError what would stop the boot
 */
export async function rehearseBoot<Result>(
  settings: WatchableSettings,
  prefix: string,
  look: (boot: RehearsedBoot) => Result | Promise<Result>,
): Promise<Result> {
  const options = await resolveOptions({}, settings, prefix);
  const { source, timing, algorithm, legacyHs256, workplace } = options;
  const slots = await askSource(source);
  const signers = options.signers(silence);
  try {
    const loaded = await new KeyLoader().load(slots, { signers: signers.open });
    const now = systemClock();
    const lives = new LivesInService(loaded, revocationsIn(slots), now, { timing, algorithm });
    const view = lives.view(now);
    legacyHs256?.refusePublished(view.keys.map(({ key }) => key));
    const warnings = [
      ...options.warnings,
      ...(legacyHs256 ? [...legacyHs256.warnings(now.wall), ...legacyHs256.bootWarnings()] : []),
      ...warningsOf(view, now).map(({ message }) => message),
    ];
    return await look({ view, loaded, now, timing, warnings, workplace });
  } finally {
    signers.close();
  }
}
