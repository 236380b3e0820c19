import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import 'reflect-metadata';

// How Nest marks what it calls; the packages may not be installed.
const gateway = 'websockets:is_gateway';
const gatewayMessage = 'websockets:message_mapping';
const message = 'microservices:pattern';
const fields = ['graphql:resolve_property', 'graphql:resolve_reference'];
const route = 'path';
const resolver = 'graphql:resolver_type';
const graphqlOptions = 'GqlModuleOptions';

const callsOfGateway: readonly unknown[] = ['handleConnection', 'handleDisconnect', 'afterInit'];

/** Whether Nest calls a method for somebody who sent something. */
export function isHandler(method: object): boolean {
  return [route, message, gatewayMessage, resolver, ...fields].some((each) =>
    Reflect.hasMetadata(each, method),
  );
}

export function isGateway(type: object): boolean {
  return Reflect.getMetadata(gateway, type) === true;
}

export function isGatewayMessage(method: object): boolean {
  return Reflect.hasMetadata(gatewayMessage, method);
}

/** Nest 12 does, and 11 does not. Its configuration tells which it is, in an application that is one file too. */
export function asksGlobalGuardsForGateways(config: ApplicationConfig): boolean {
  return 'getGlobalPreRequestHooks' in config;
}

/** Whether it takes messages or events of a microservice. */
export function isMessageHandler(method: object): boolean {
  return Reflect.hasMetadata(message, method);
}

/** Why Nest asks no guard before a method, whatever its decorators say; undefined where it does. */
export function whyUnguarded(
  type: object,
  name: string | symbol,
  method: object,
  fieldsAreGuarded: boolean,
): string | undefined {
  if (isGateway(type) && callsOfGateway.includes(name)) {
    return 'Nest asks no guard there. AccessTokenVerifier verifies a token in the method itself.';
  }
  if (!fieldsAreGuarded && fields.some((each) => Reflect.hasMetadata(each, method))) {
    return 'Nest asks no guard for the fields of a type. Give GraphQLModule the option "fieldResolverEnhancers: [\'guards\']".';
  }
  return undefined;
}

/** Whether every GraphQLModule of an application has guards asked for the fields of types too. */
export function areFieldsGuarded(modules: ModulesContainer): boolean {
  const options = [...modules.values()].flatMap(({ providers }) => {
    const given: unknown = providers.get(graphqlOptions)?.instance;
    return given === undefined ? [] : [given as { fieldResolverEnhancers?: readonly unknown[] }];
  });
  return options.every(({ fieldResolverEnhancers }) => fieldResolverEnhancers?.includes('guards'));
}
