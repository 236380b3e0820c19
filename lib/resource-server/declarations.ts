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
 * A decorator for classes and methods that adds to what is declared there already. Of a method it is written beside the
 * function and not on it: another decorator may put another function in its place.
 */
export function declares(addition: Declared): MethodDecorator & ClassDecorator {
  return (target: Target, key?: string | symbol) => {
    const before = read(target, key);
    const scopes = [...new Set([...(before.scopes ?? []), ...(addition.scopes ?? [])])];
    const merged = { ...before, ...addition, ...(scopes.length > 0 ? { scopes } : {}) };
    if (key === undefined) Reflect.defineMetadata(declared, merged, target);
    else Reflect.defineMetadata(declared, merged, target, key);
  };
}

function read(target: Target, key?: string | symbol): Declared {
  const found: unknown =
    key === undefined
      ? Reflect.getOwnMetadata(declared, target)
      : Reflect.getOwnMetadata(declared, target, key);
  return found ?? {};
}

/** What was declared of a class itself, not of those that it extends. */
export function declarationOfClass(type: Target): Declaration {
  return { ...read(type), isGuarded: guardsOf(type).some(isOurs) };
}

/** What was declared of the method that a class itself has by this name. */
export function declarationOfMethod(prototype: Target, name: string | symbol): Declaration {
  const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  const isGuarded = typeof method === 'function' && guardsOf(method).some(isOurs);
  return { ...read(prototype, name), isGuarded };
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
  const name = handler && nameOf(classes, handler);
  const prototypes = name === undefined ? [] : prototypesWith(classes, name);
  // The first is that of the method that is called; the others were overridden, and open nothing.
  const ofMethods = prototypes.map((prototype) => declarationOfMethod(prototype, name!));
  const ofClasses = classes.map(declarationOfClass);
  const scopesOfMethods = ofMethods.flatMap(({ scopes = [] }) => scopes);
  const isOfMethod =
    scopesOfMethods.length > 0 || (ofMethods[0] !== undefined && declaresSomething(ofMethods[0]));
  const nearest = isOfMethod ? ofMethods[0] : ofClasses.find(declaresSomething);
  // What contradicts itself stops the boot; where no boot saw it, it opens nothing.
  const asksForScopes = isOfMethod ? scopesOfMethods.length > 0 : nearest?.scopes !== undefined;
  if (nearest?.isPublic && !nearest.isGuarded && !asksForScopes) return { kind: 'public' };
  if (nearest?.isOptional && !asksForScopes) return { kind: 'optional' };
  const scopes = [...ofClasses.flatMap((each) => each.scopes ?? []), ...scopesOfMethods];
  return { kind: 'required', scopes: [...new Set(scopes)] };
}

function declaresSomething({ isPublic, isOptional, scopes, isGuarded }: Declaration): boolean {
  return Boolean(isPublic ?? isOptional) || scopes !== undefined || isGuarded;
}

/** A class, and those that it extends. */
export function lineageOf(type: Target): readonly Target[] {
  const classes: Target[] = [];
  for (
    let each: unknown = type;
    // Function.prototype has none, in whatever realm: Jest runs the classes of Node in another one.
    typeof each === 'function' && Object.hasOwn(each, 'prototype');
    each = Object.getPrototypeOf(each)
  ) {
    classes.push(each);
  }
  return classes;
}

/** The prototypes that have a method of this name themselves, the nearest first. */
function prototypesWith(classes: readonly Target[], name: string | symbol): readonly Target[] {
  return classes.map(prototypeOf).filter((prototype) => Object.hasOwn(prototype, name));
}

function nameOf(classes: readonly Target[], handler: Target): string | symbol | undefined {
  for (const prototype of classes.map(prototypeOf)) {
    const name = Reflect.ownKeys(prototype).find(
      (key) => Object.getOwnPropertyDescriptor(prototype, key)?.value === handler,
    );
    if (name !== undefined) return name;
  }
  // One that an instance has for itself: bound, or wrapped.
  const named = (handler as { name?: string }).name?.replace(/^bound /, '') ?? '';
  return prototypesWith(classes, named).length > 0 ? named : undefined;
}

function prototypeOf(type: Target): Target {
  return (type as { prototype: Target }).prototype;
}
