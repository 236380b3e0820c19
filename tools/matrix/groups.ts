import type { Group } from './cell.js';
import { bundling } from './groups/bundlers.js';
import { jest } from './groups/jest.js';
import { pnpm } from './groups/pnpm.js';
import { runtime } from './groups/runtime.js';
import { transports } from './groups/transports.js';
import { types } from './groups/types.js';
import { vitest } from './groups/vitest.js';
import { Workshop } from './workshop.js';

/** Every group, in the order of the table. Projects are made when a cell is tried. */
export function allGroups(): Group[] {
  const workshop = new Workshop();
  return [runtime, transports, types, jest, vitest, bundling, pnpm].map((group) => group(workshop));
}
