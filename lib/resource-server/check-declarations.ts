import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from '../core/errors.js';
import {
  accessTo,
  declarationOfClass,
  declarationOfMethod,
  guardsOf,
  isOurs,
  lineageOf,
} from './declarations.js';
import type { Declaration } from './declarations.js';

/** @internal */
export interface DeclarationsLogger {
  warn(message: string): void;
}

// How Nest marks them; `@nestjs/websockets` may not be installed.
const gatewayMetadata = 'websockets:is_gateway';
const messageMetadata = 'websockets:message_mapping';

/**
 * Looks at every class of an application before it takes a call: what contradicts itself, and what asks for scopes where
 * no guard is, would let calls pass that nobody meant to.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT`
 */
export function checkDeclarations(
  modules: ModulesContainer,
  config: ApplicationConfig,
  logger: DeclarationsLogger,
): void {
  const globalGuards = [
    ...config.getGlobalGuards(),
    ...config.getGlobalRequestGuards().map(({ metatype, instance }) => metatype ?? instance),
  ];
  const types = new Set<object>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype === 'function' && 'prototype' in metatype) types.add(metatype);
    }
  }
  for (const type of types) checkType(type as Class, globalGuards, logger);
}

type Class = object & { readonly name: string; readonly prototype: object };

function checkType(type: Class, globalGuards: readonly unknown[], logger: DeclarationsLogger): void {
  const classes = lineageOf(type) as readonly Class[];
  for (const each of classes) refuseContradiction(each.name, declarationOfClass(each));
  const isGateway = Reflect.getMetadata(gatewayMetadata, type) === true;
  for (const [name, method] of methodsOf(classes)) {
    const where = `${type.name}.${String(name)}`;
    for (const each of classes) refuseContradiction(where, declarationOfMethod(each.prototype, name));
    const guards = [
      // Nest asks no global guard for the messages of a gateway.
      ...(isGateway ? [] : globalGuards),
      ...classes.flatMap(guardsOf),
      ...guardsOf(method),
    ];
    const isMessage = isGateway && Reflect.hasMetadata(messageMetadata, method);
    checkGuards(where, { access: accessTo(type, method), guards, isMessage, globalGuards }, logger);
  }
}

interface Guarded {
  readonly access: ReturnType<typeof accessTo>;
  readonly guards: readonly unknown[];
  readonly isMessage: boolean;
  readonly globalGuards: readonly unknown[];
}

function checkGuards(
  where: string,
  { access, guards, isMessage, globalGuards }: Guarded,
  logger: DeclarationsLogger,
): void {
  if (guards.some(isOurs)) return;
  if (access.kind === 'required' && access.scopes.length > 0) {
    if (guards.length === 0) {
      throw conflict(
        `${where} asks for scopes, and no guard is there that would look at them. Add @UseGuards(AccessTokenGuard)` +
          (isMessage
            ? ': Nest asks no global guard for the messages of a gateway.'
            : ', or make the guard global.'),
      );
    }
    logger.warn(
      `${where} asks for scopes, and none of its guards is AccessTokenGuard. Where none of them asks it, nobody looks at the scopes.`,
    );
  } else if (isMessage && access.kind === 'required' && globalGuards.some(isOurs)) {
    logger.warn(
      `${where} is open to everybody although AccessTokenGuard is global: Nest asks no global guard for the messages of a ` +
        'gateway. Add @UseGuards(AccessTokenGuard), or say @Public().',
    );
  }
}

function methodsOf(classes: readonly Class[]): ReadonlyMap<string | symbol, object> {
  const methods = new Map<string | symbol, object>();
  for (const { prototype } of classes) {
    for (const name of Reflect.ownKeys(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (name !== 'constructor' && typeof method === 'function' && !methods.has(name))
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
