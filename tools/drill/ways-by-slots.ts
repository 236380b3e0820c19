import { setTimeout as wait } from 'node:timers/promises';

import { Fleet } from './fleet.js';
import { Environment, PlainFolder, SignedElsewhere, SwappedFolder } from './mounted-folder.js';
import type { MountedFolder } from './mounted-folder.js';
import { milliseconds, propagation, realTimes } from './scale.js';
import { makeKey, promote, publish } from './slots.js';
import type { Way } from './way.js';

/** A way in which a platform hands out the files, or the values, of slots. */
interface WayBySlots {
  readonly name: string;
  readonly Folder: new (path: string) => MountedFolder;
  /** Whether no relying party may notice. */
  readonly isSafe: boolean;
  /** Whether a replica may crash in between: configuration has to name every slot. */
  readonly survivesCrash: boolean;
  rotate(fleet: Fleet, planned: PlannedMishaps): Promise<void>;
}

/** What has to go wrong during a rotation. */
interface PlannedMishaps {
  readonly halfWrittenFile: boolean;
  readonly crash: boolean;
}

const nextThenPromote: WayBySlots = {
  name: 'next slot, then promote',
  Folder: PlainFolder,
  isSafe: true,
  survivesCrash: true,
  rotate: async (fleet, { halfWrittenFile, crash }) => {
    const key = await makeKey();
    const propagated = wait(milliseconds(propagation));
    await fleet.deploy(publish(fleet.slots, key), { halfWrittenFile });
    if (crash) await fleet.crash();
    await propagated;
    await fleet.deploy(promote(fleet.slots));
    await fleet.untilAllSign(key.kid);
  },
};

const remoteSigner: WayBySlots = {
  ...nextThenPromote,
  name: 'next slot, then promote; signed elsewhere',
  Folder: SignedElsewhere,
};

const schedule: WayBySlots = {
  name: 'schedule',
  Folder: PlainFolder,
  isSafe: true,
  survivesCrash: true,
  rotate: async (fleet, { halfWrittenFile, crash }) => {
    const key = await makeKey();
    const untilActive = milliseconds(realTimes.spread + propagation);
    const instant = new Date(Date.now() + untilActive);
    // The replica is down when the instant comes.
    const nearlyActive = wait(untilActive - 300);
    await fleet.deploy(publish(fleet.slots, key, instant), { halfWrittenFile });
    await nearlyActive;
    if (crash) await fleet.crash();
    await fleet.untilAllSign(key.kid);
    await fleet.deploy(promote(fleet.slots));
  },
};

const swap: WayBySlots = {
  name: 'swap of all slots in one ..data',
  Folder: SwappedFolder,
  isSafe: true,
  survivesCrash: true,
  rotate: async (fleet, { halfWrittenFile, crash }) => {
    const key = await makeKey();
    const propagated = wait(milliseconds(propagation));
    await fleet.deploy(publish(fleet.slots, key));
    await propagated;
    // The replica gets the change while it is down.
    const crashed = crash ? wait(0.8 * milliseconds(realTimes.spread)).then(() => fleet.crash()) : undefined;
    await fleet.deploy(promote(fleet.slots), { halfWrittenFile });
    await crashed;
    await fleet.untilAllSign(key.kid);
  },
};

const environment: WayBySlots = {
  name: 'environment, a restart for each step',
  Folder: Environment,
  isSafe: true,
  survivesCrash: false,
  rotate: async (fleet) => {
    const key = await makeKey();
    await fleet.replaceAndRestart(publish(fleet.slots, key));
    await wait(milliseconds(propagation));
    await fleet.replaceAndRestart(promote(fleet.slots));
    await fleet.untilAllSign(key.kid);
  },
};

const replacement: WayBySlots = {
  name: 'bare replacement of the current key',
  Folder: PlainFolder,
  isSafe: true,
  survivesCrash: false,
  rotate: async (fleet) => {
    const key = await makeKey();
    await fleet.deploy({ current: key, previous: [] });
    await fleet.untilAllSign(key.kid);
  },
};

/** The tokens of the stolen key are to fail, and new ones may until relying parties have asked again. */
const stolen: WayBySlots = {
  name: 'stolen key revoked, replaced at once',
  Folder: PlainFolder,
  isSafe: false,
  survivesCrash: false,
  rotate: async (fleet) => {
    const key = await makeKey();
    await fleet.deploy({ current: key, previous: [], revokedKids: [fleet.slots.current.kid] });
    await fleet.untilAllSign(key.kid);
    await wait(milliseconds(propagation));
  },
};

/** What `@jmondi/oauth2-server` 5 offers: one key, and a restart to change it. */
const hardCutover: WayBySlots = {
  name: 'hard cutover (replace, restart)',
  Folder: PlainFolder,
  isSafe: false,
  survivesCrash: false,
  rotate: async (fleet) => {
    const key = await makeKey();
    await fleet.replaceAndRestart({ current: key, previous: [] });
    await fleet.untilAllSign(key.kid);
    await wait(milliseconds(propagation));
  },
};

function wayOf(slots: WayBySlots): Way {
  const { name, isSafe, Folder, survivesCrash } = slots;
  return {
    name,
    isSafe,
    start: async (path, extent) => {
      const fleet = await Fleet.start(path, Folder, { current: await makeKey(), previous: [] });
      let rotations = 0;
      return {
        url: fleet.replicas.issuer,
        get rotations() {
          return rotations;
        },
        get mishaps() {
          return {
            'replicas killed': fleet.replicas.crashes,
            'reloads that met a half-written file': fleet.halfWrittenFiles,
          };
        },
        rotate: async () => {
          rotations += 1;
          await slots.rotate(fleet, {
            halfWrittenFile: survivesCrash && rotations === extent.rotations,
            crash: survivesCrash && rotations === 1,
          });
        },
        stop: () => fleet.replicas.stop(),
      };
    },
  };
}

export const waysBySlots: readonly Way[] = [
  nextThenPromote,
  remoteSigner,
  schedule,
  swap,
  environment,
  replacement,
  stolen,
  hardCutover,
].map(wayOf);
