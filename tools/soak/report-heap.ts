import { memoryUsage } from 'node:process';

import { heapLine } from './heap.js';

// Loaded into the server beside its own code, which is the one that is shipped.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  process.stdout.write(`${heapLine(memoryUsage().heapUsed)}\n`);
});
