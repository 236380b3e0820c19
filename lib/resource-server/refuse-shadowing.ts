import type { DynamicModule, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from '../core/errors.js';

/** One of Nest's containers of providers. */
type ModuleRef = ModulesContainer extends Map<string, infer Each> ? Each : never;

/**
 * Nest takes a guard from the first module that has it, so that of two registrations in sight of each other one is
 * never asked.
 *
 * @throws OidcKeyError `OIDC_KEY_MODULE_TWICE`
 */
export function refuseShadowing(modules: ModulesContainer, type: Type<object>): void {
  const all = [...modules.values()];
  const isOne = ({ metatype }: ModuleRef) => metatype === type || metatype.prototype instanceof type;
  const isShadowed =
    all.filter((each) => isOne(each) && each.isGlobal).length > 1 ||
    all.some((each) => registrationsSeenBy(each, isOne).size + globalOnesImportedBy(each, type) > 1);
  if (!isShadowed) return;
  throw new OidcKeyError(
    'OIDC_KEY_MODULE_TWICE',
    'ResourceServerModule is registered twice where one would shadow the other: both are global, or one module imports ' +
      'both. Register it once; for several issuers, give it the option "issuers".',
  );
}

/** What a module imports itself, and what its imports hand on, but for global modules. */
function registrationsSeenBy(module: ModuleRef, isOne: (module: ModuleRef) => boolean): Set<ModuleRef> {
  const seen = new Set<ModuleRef>();
  const visited = new Set<ModuleRef>();
  const visit = (each: ModuleRef) => {
    if (visited.has(each)) return;
    visited.add(each);
    for (const imported of each.imports) {
      if (isOne(imported)) {
        if (!imported.isGlobal) seen.add(imported);
      } else if ([...imported.exports].some((exported) => isExportOfOne(exported, imported, isOne))) {
        visit(imported);
      }
    }
  };
  visit(module);
  return seen;
}

/** Those that a class imports by name. Nest adds every global module to the imports of all others. */
function globalOnesImportedBy({ metatype }: ModuleRef, type: Type<object>): number {
  const imports = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  return imports.filter((each) => {
    const { module, global: isGlobal } = (each ?? {}) as Partial<DynamicModule>;
    return isGlobal && (module === type || module?.prototype instanceof type);
  }).length;
}

function isExportOfOne(exported: unknown, module: ModuleRef, isOne: (module: ModuleRef) => boolean): boolean {
  return [...module.imports].some((each) => isOne(each) && each.metatype === exported);
}
