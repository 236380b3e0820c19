import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { root } from './processes.js';

/** The documents of a file that is there to be copied. */
export function recipe<Document>(name: string): readonly Document[] {
  return parseAllDocuments(readFileSync(join(root, 'sample-app/recipes', name), 'utf8'), {
    strict: true,
    uniqueKeys: true,
  }).map((document) => {
    const [error] = [...document.errors, ...document.warnings];
    if (error) throw error;
    return document.toJS() as Document;
  });
}
