import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import type { OidcKeyError } from '../core/errors.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { checkGuards, conflict } from './check-guards.js';
import type { Class, DeclarationsLogger, Surroundings } from './check-guards.js';
import { declarationOfClass, declarationOfMethod, isDeclared, keepName, lineageOf } from './declarations.js';
import type { Declaration } from './declarations.js';
import { guardsOf, isOurs } from './guards.js';
import { areFieldsGuarded, asksGlobalGuardsForGateways, isHandler, whyUnguarded } from './unguarded.js';

/**
 * Looks at every class of an application before it takes a call: what contradicts itself, and what asks for scopes where
 * no guard is, would let calls pass that nobody meant to.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT`
 */
export function checkDeclarations(
  modules: ModulesContainer,
  config: ApplicationConfig,
  isHybrid: boolean,
  logger: DeclarationsLogger,
): void {
  // A test may put something else in the place of the guard.
  const standIns = new Set(
    [...modules.values()].map(({ providers }) => providers.get(AccessTokenGuard)?.instance),
  );
  const globalGuards = [
    ...config.getGlobalGuards(),
    ...config.getGlobalRequestGuards().map(({ metatype, instance }) => metatype ?? instance),
  ].map((guard): unknown => (standIns.has(guard as never) ? AccessTokenGuard : guard));
  const types = new Map<Class, object | undefined>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype, instance } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype !== 'function' || !('prototype' in metatype)) continue;
      types.set(metatype, Object(instance) === instance ? (instance as object) : undefined);
    }
  }
  const surroundings = {
    globalGuards,
    guardsOfGateways: asksGlobalGuardsForGateways(config) ? globalGuards : [],
    fieldsAreGuarded: areFieldsGuarded(modules),
    isHybrid,
    logger,
  };
  const unsure = [...types].flatMap(([type, instance]) => checkType(type, instance, surroundings));
  if (unsure.length === 0) return;
  logger.warn(
    `${unsure.join(', ')}: open to everybody unless connectMicroservice() is given { inheritAppConfig: true }, without ` +
      'which Nest asks no global guard for messages, AccessTokenGuard included. Give it that, and add ' +
      '@UseGuards(AccessTokenGuard) to be sure, or say @Public().',
  );
}

/** The handlers of which cannot be known whether the global guard is asked. */
function checkType(type: Class, instance: object | undefined, surroundings: Surroundings): string[] {
  const classes = lineageOf(type) as readonly Class[];
  for (const each of classes) refuseContradiction(each.name, declarationOfClass(each));
  return [...methodsOf(classes)].flatMap(([name, method]) => {
    const where = `${type.name}.${String(name)}`;
    const declarations = classes.map((each) => declarationOfMethod(each.prototype, name));
    for (const each of declarations) refuseContradiction(where, each);
    // Nest calls what the instance has, and asks the guards of that.
    const called = calledOf(instance, name) ?? method;
    keepName(method, name);
    keepName(called, name);
    const unguarded = whyUnguarded(type, name, method, surroundings.fieldsAreGuarded);
    if (unguarded !== undefined) {
      refuseUnasked(where, declarations, unguarded);
      return [];
    }
    const ofClasses = classes.flatMap(guardsOf);
    const isLost = guardsOf(method).some(isOurs) && !guardsOf(called).some(isOurs);
    if (isLost && ![...ofClasses, ...surroundings.globalGuards].some(isOurs)) throw lostGuard(where);
    const guards = [...ofClasses, ...guardsOf(called)];
    return checkGuards({ where, type, name, method, guards }, surroundings);
  });
}

/** What an instance has in the place of a method: a function that was bound, or wraps it. */
function calledOf(instance: object | undefined, name: string | symbol): object | undefined {
  const own: unknown = instance && Object.getOwnPropertyDescriptor(instance, name)?.value;
  return typeof own === 'function' ? own : undefined;
}

function lostGuard(where: string): OidcKeyError {
  return conflict(
    `${where} has @UseGuards(AccessTokenGuard), and its instance puts another function in its place, for which Nest ` +
      'does not see the guard. Put the guard on the class.',
  );
}

/** What a class says is for the methods that Nest does ask it for. */
function refuseUnasked(where: string, declarations: readonly Declaration[], unguarded: string): void {
  if (!declarations.some(({ scopes, isOptional, isGuarded }) => scopes ?? isOptional ?? isGuarded)) return;
  throw conflict(`${where} says who may call it, and is open to everybody: ${unguarded}`);
}

/** The methods that Nest calls for somebody, and those for which it was declared who that may be. */
function methodsOf(classes: readonly Class[]): ReadonlyMap<string | symbol, object> {
  const methods = new Map<string | symbol, object>();
  for (const { prototype } of classes) {
    for (const name of Reflect.ownKeys(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (name === 'constructor' || typeof method !== 'function' || methods.has(name)) continue;
      if (isHandler(method) || classes.some((each) => isDeclared(each.prototype, name)))
        methods.set(name, method);
    }
  }
  return methods;
}

function refuseContradiction(where: string, { isPublic, isOptional, scopes, isGuarded }: Declaration): void {
  if (isPublic && isOptional) throw contradiction(where, '@Public()', '@OptionalAccessToken()');
  if (isPublic && scopes) throw contradiction(where, '@Public()', '@RequireScopes()');
  if (isPublic && isGuarded) throw contradiction(where, '@Public()', '@UseGuards(AccessTokenGuard)');
  if (isOptional && scopes) throw contradiction(where, '@OptionalAccessToken()', '@RequireScopes()');
}

function contradiction(where: string, one: string, other: string): OidcKeyError {
  return conflict(`${where} has both ${one} and ${other}, which contradict each other. Remove one of them.`);
}
