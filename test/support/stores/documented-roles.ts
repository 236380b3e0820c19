import { parse } from 'yaml';

import { pageAt } from '../pages.js';

/** A Role of Kubernetes, as a page has it to be pasted. */
export interface DocumentedRole {
  readonly metadata: { readonly name: string };
  readonly rules: readonly object[];
}

export function documentedRole(name: string): DocumentedRole {
  const blocks = pageAt('docs/stores.md').blocks.filter(({ language }) => language === 'yaml');
  const role = blocks
    .map(({ code }) => parse(code) as DocumentedRole)
    .find(({ metadata }) => metadata.name === name);
  if (!role) throw new Error(`docs/stores.md has no Role ${name}`);
  return role;
}
