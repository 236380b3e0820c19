import { OidcKeyError } from '../core/errors.js';
import type { Files, FilesOfOneMoment } from './files/files.js';

// A swap in the middle of reading makes optional files look missing.
const attempts = 3;

async function isOfOneMoment(moment: FilesOfOneMoment): Promise<boolean> {
  try {
    return await moment.areOfOneMoment();
  } catch {
    // A file system that hangs: what was read before it did must not be lost, and what was not is an error of its value.
    return true;
  }
}

/**
 * Reads several files as of one moment.
 *
 * @throws OidcKeyError `OIDC_KEY_UNREADABLE_FILE`
 */
export async function readOfOneMoment<Result>(
  files: Files,
  read: (moment: FilesOfOneMoment) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const moment = files.ofOneMoment();
    const result = await read(moment);
    if (await isOfOneMoment(moment)) return result;
  }
  throw new OidcKeyError(
    'OIDC_KEY_UNREADABLE_FILE',
    'The files of the keys change faster than they can be read. Replace all of them at once.',
  );
}
