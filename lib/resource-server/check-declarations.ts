import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from '../core/errors.js';
import {
  accessTo,
  declarationOfClass,
  declarationOfMethod,
  isDeclared,
  keepName,
  lineageOf,
} from './declarations.js';
import type { Declaration } from './declarations.js';
import { guardsOf, isOurs } from './guards.js';
import {
  areFieldsGuarded,
  asksGlobalGuardsForGateways,
  isGateway,
  isGatewayMessage,
  isHandler,
  isMessageHandler,
  whyUnguarded,
} from './unguarded.js';

/** @internal */
export interface DeclarationsLogger {
  warn(message: string): void;
}

/** What of an application the check needs to know beside its classes. */
interface Surroundings {
  readonly globalGuards: readonly unknown[];
  /** Those of them that Nest asks for the messages of a gateway. */
  readonly guardsOfGateways: readonly unknown[];
  readonly fieldsAreGuarded: boolean;
  /** Whether messages may arrive by a microservice that knows nothing of the application's global guards. */
  readonly isHybrid: boolean;
  readonly logger: DeclarationsLogger;
}

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
  const globalGuards = [
    ...config.getGlobalGuards(),
    ...config.getGlobalRequestGuards().map(({ metatype, instance }) => metatype ?? instance),
  ];
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

type Class = object & { readonly name: string; readonly prototype: object };

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
    return checkGuards({ where, type, method, guards: [...ofClasses, ...guardsOf(called)] }, surroundings);
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

interface Method {
  readonly where: string;
  readonly type: Class;
  readonly method: object;
  /** Those that stand on it and on its class. */
  readonly guards: readonly unknown[];
}

function checkGuards(
  { where, type, method, guards: own }: Method,
  { globalGuards, guardsOfGateways, isHybrid, logger }: Surroundings,
): string[] {
  const guards = [...own, ...(isGateway(type) ? guardsOfGateways : globalGuards)];
  const isMessage = isGateway(type) && isGatewayMessage(method);
  const access = accessTo(type, method);
  if (access.kind !== 'required' || own.some(isOurs)) return [];
  if (guards.some(isOurs)) return isHybrid && isMessageHandler(method) ? [where] : [];
  if (access.scopes.length > 0) {
    if (guards.length === 0) {
      throw conflict(
        `${where} asks for scopes, and no guard is there that would look at them. Add @UseGuards(AccessTokenGuard)` +
          (isMessage && globalGuards.length > 0
            ? ': Nest 11 asks no global guard for the messages of a gateway.'
            : ', or make the guard global.'),
      );
    }
    throw conflict(
      `${where} asks for scopes, and none of its guards is AccessTokenGuard, extends it or has it injected, so that nobody ` +
        'looks at them. Add @UseGuards(AccessTokenGuard), or make the guard global.',
    );
  } else if (isMessage && globalGuards.some(isOurs)) {
    logger.warn(
      `${where} is open to everybody although AccessTokenGuard is global: Nest 11 asks no global guard for the messages of a ` +
        'gateway. Add @UseGuards(AccessTokenGuard), or say @Public().',
    );
  }
  return [];
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

function conflict(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_CONFLICT', message);
}
