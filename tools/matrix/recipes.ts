import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repository } from './workshop.js';

/** The block of code below a heading of docs/testing.md: what is run here is what is written there. */
export function recipeOf(heading: string): string {
  const page = readFileSync(join(repository, 'docs/testing.md'), 'utf8');
  const section = page.split(/^#{2,3} /m).find((each) => each.startsWith(`${heading}\n`));
  const code = /^```\w+\n(.*?)^```$/ms.exec(section ?? '')?.[1];
  if (code === undefined) throw new Error(`docs/testing.md has no code below "${heading}"`);
  return code;
}

/** Settings in JSON. */
export function settingsOf(heading: string): Readonly<Record<string, unknown>> {
  return JSON.parse(recipeOf(heading)) as Readonly<Record<string, unknown>>;
}
