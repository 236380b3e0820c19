import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import 'reflect-metadata';

// Registered, so that two copies of this package in one application read what the other one wrote.
const declared = Symbol.for('nestjs-oidc-key:access');
/** The static member by which a guard is known to be ours, whichever copy of this package it comes from. */
export const isAccessTokenGuard: unique symbol = Symbol.for('nestjs-oidc-key:access-token-guard');

type Target = object;

/** What was declared at one place: a class, or a method. */
interface Declared {
  readonly isPublic?: true;
  readonly isOptional?: true;
  readonly scopes?: readonly string[];
}

/** The same, with what `@UseGuards` says there. */
export interface Declaration extends Declared {
  readonly isGuarded: boolean;
}

/** Who may call a handler. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'optional' }
  | { readonly kind: 'required'; readonly scopes: readonly string[] };

/**
 * A decorator for classes and methods that adds to what is declared there already. On a method it writes beside the
 * function too: a decorator above may put another function in its place.
 */
export function declares(addition: Declared): MethodDecorator & ClassDecorator {
  return (target: Target, key?: string | symbol, descriptor?: { value?: unknown }) => {
    const add = (to: Target, property?: string | symbol) => {
      const before = read(to, property);
      const scopes = [...new Set([...(before.scopes ?? []), ...(addition.scopes ?? [])])];
      const merged = { ...before, ...addition, ...(scopes.length > 0 ? { scopes } : {}) };
      if (property === undefined) Reflect.defineMetadata(declared, merged, to);
      else Reflect.defineMetadata(declared, merged, to, property);
    };
    if (key === undefined) return add(target);
    add(target, key);
    if (typeof descriptor?.value === 'function') add(descriptor.value);
  };
}

function read(target: Target, property?: string | symbol): Declared {
  const found: unknown =
    property === undefined
      ? Reflect.getOwnMetadata(declared, target)
      : Reflect.getOwnMetadata(declared, target, property);
  return found ?? {};
}

/** What was declared of a class itself, not of those that it extends. */
export function declarationOfClass(type: Target): Declaration {
  return { ...read(type), isGuarded: guardsOf(type).some(isOurs) };
}

/** What was declared of the method that a class itself has by this name. */
export function declarationOfMethod(prototype: Target, name: string | symbol): Declaration {
  const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  const [onFunction, beside] = [typeof method === 'function' ? read(method) : {}, read(prototype, name)];
  const scopes = [...new Set([...(onFunction.scopes ?? []), ...(beside.scopes ?? [])])];
  return {
    ...onFunction,
    ...beside,
    ...(scopes.length > 0 ? { scopes } : {}),
    isGuarded: typeof method === 'function' && guardsOf(method).some(isOurs),
  };
}

/** What `@UseGuards` says at one place. */
export function guardsOf(target: Target): readonly unknown[] {
  return (Reflect.getOwnMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

/** A guard may be a class or an instance, and extend ours. */
export function isOurs(guard: unknown): boolean {
  const type: unknown = typeof guard === 'function' ? guard : (guard as object | null)?.constructor;
  return typeof type === 'function' && isAccessTokenGuard in type;
}

/**
 * Who may call a handler: the nearest declaration decides, and what says nothing needs a token. Scopes add up, over all
 * that a class extends.
 */
export function accessTo(type: Target, handler: Target | undefined): Access {
  const classes = lineageOf(type);
  const ofClasses = classes.map(declarationOfClass);
  const name = handler && nameOf(classes, handler);
  const ofMethods = classes.flatMap((each) =>
    name === undefined ? [] : declarationOfMethod((each as { prototype: Target }).prototype, name),
  );
  // The method that is called is the nearest one that has the name; others were overridden, and open nothing.
  const own = ofMethods[methodIndex(classes, name)] ?? (handler ? ofFunction(handler) : undefined);
  const ownScopes = [...ofMethods, ...(own ? [own] : [])].flatMap(({ scopes = [] }) => scopes);
  const nearestClass = ofClasses.find(declaresSomething);
  const decisive = own && (declaresSomething(own) || ownScopes.length > 0) ? own : nearestClass;
  // What contradicts itself stops the boot; where it was not seen there, it opens nothing.
  const asksForScopes = decisive === own ? ownScopes.length > 0 : decisive?.scopes !== undefined;
  if (decisive?.isPublic && !decisive.isGuarded && !asksForScopes) return { kind: 'public' };
  if (decisive?.isOptional && !asksForScopes) return { kind: 'optional' };
  const scopes = [...ofClasses.flatMap((each) => each.scopes ?? []), ...ownScopes];
  return { kind: 'required', scopes: [...new Set(scopes)] };
}

function declaresSomething({ isPublic, isOptional, scopes, isGuarded }: Declaration): boolean {
  return Boolean(isPublic ?? isOptional) || scopes !== undefined || isGuarded;
}

function ofFunction(handler: Target): Declaration {
  return { ...read(handler), isGuarded: guardsOf(handler).some(isOurs) };
}

/** A class, and those that it extends. */
export function lineageOf(type: Target): readonly Target[] {
  const classes: Target[] = [];
  for (
    let each: unknown = type;
    typeof each === 'function' && each !== Function.prototype;
    each = Object.getPrototypeOf(each)
  ) {
    classes.push(each);
  }
  return classes;
}

function nameOf(classes: readonly Target[], handler: Target): string | symbol | undefined {
  for (const each of classes) {
    const { prototype } = each as { prototype?: Target };
    const descriptors = prototype ? Object.getOwnPropertyDescriptors(prototype) : {};
    const found = Reflect.ownKeys(descriptors).find(
      (key) => (descriptors as Record<string | symbol, PropertyDescriptor>)[key]!.value === handler,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function methodIndex(classes: readonly Target[], name: string | symbol | undefined): number {
  if (name === undefined) return -1;
  return classes.findIndex((each) => Object.hasOwn((each as { prototype: Target }).prototype, name));
}
