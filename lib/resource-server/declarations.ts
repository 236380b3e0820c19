import 'reflect-metadata';

import { guardsOf, isOurs } from './guards.js';

// Registered, so that two copies of this package in one application read what the other one wrote.
const declared = Symbol.for('nestjs-oidc-key:access');
/** Of a handler: the name by which its class has it. */
const nameOfHandler = Symbol.for('nestjs-oidc-key:name-of-handler');

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

/** Whether something was declared for a method by this name, of the class itself. */
export function isDeclared(prototype: Target, name: string | symbol): boolean {
  return Reflect.hasOwnMetadata(declared, prototype, name);
}

/**
 * Has a function keep the name by which its class has it. What wraps handlers, such as tracing, hands on another
 * function, with the metadata of the one that was there.
 */
export function keepName(handler: Target, name: string | symbol): void {
  Reflect.defineMetadata(nameOfHandler, name, handler);
}

/**
 * Who may call a handler: the nearest declaration decides, and what says nothing needs a token. Scopes add up, over all
 * that a class extends.
 */
export function accessTo(type: Target, handler: Target | undefined): Access {
  const classes = lineageOf(type);
  const name = handler && nameOf(classes, handler);
  if (name === undefined) return accessToUnknown(classes);
  const prototypes = prototypesWith(classes, name);
  // The first is that of the method that is called; the others were overridden, and open nothing.
  const ofMethods = prototypes.map((prototype) => declarationOfMethod(prototype, name));
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

/** Of a function that no method of the class is known to be: what any of them needs. */
function accessToUnknown(classes: readonly Target[]): Access {
  const ofMethods = classes
    .map(prototypeOf)
    .flatMap((prototype) => Reflect.ownKeys(prototype).map((name) => declarationOfMethod(prototype, name)));
  const all = [...classes.map(declarationOfClass), ...ofMethods];
  return { kind: 'required', scopes: [...new Set(all.flatMap(({ scopes = [] }) => scopes))] };
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

/** The prototypes that have a method of this name themselves, or a declaration for one, the nearest first. */
function prototypesWith(classes: readonly Target[], name: string | symbol): readonly Target[] {
  return classes
    .map(prototypeOf)
    .filter((prototype) => Object.hasOwn(prototype, name) || isDeclared(prototype, name));
}

function nameOf(classes: readonly Target[], handler: Target): string | symbol | undefined {
  const kept = Reflect.getOwnMetadata(nameOfHandler, handler) as string | symbol | undefined;
  if (kept !== undefined && prototypesWith(classes, kept).length > 0) return kept;
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
