import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from '../processes.js';

/** In place of lib/stores/pkcs11/process-path.ts: the program as it is shipped (`npm run build`). */
export const processPath = pathToFileURL(join(root, 'dist/bundle/shared/pkcs11-process.js'));
