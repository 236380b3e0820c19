import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import 'reflect-metadata';

/** The static member by which a guard is known to be ours, whichever copy of this package it comes from. */
export const isAccessTokenGuard: unique symbol = Symbol.for('nestjs-oidc-key:access-token-guard');

/** What `@UseGuards` says at one place. */
export function guardsOf(target: object): readonly unknown[] {
  return (Reflect.getOwnMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

/** Whether a guard, a class or an instance, is ours, extends ours, or has ours injected and so can ask it. */
export function isOurs(guard: unknown): boolean {
  const type: unknown = typeof guard === 'function' ? guard : (guard as object | null)?.constructor;
  return typeof type === 'function' && (isAccessTokenGuard in type || injectedInto(type).some(isMarked));
}

function isMarked(type: unknown): boolean {
  return typeof type === 'function' && isAccessTokenGuard in type;
}

/** How Nest finds what a class needs: by the types of its constructor, and by `@Inject()` there and on members. */
function injectedInto(type: object): readonly unknown[] {
  const types = metadata('design:paramtypes', type);
  const named = metadata('self:paramtypes', type).map((each) => (each as { param?: unknown }).param);
  const members = metadata('self:properties_metadata', type).map((each) => (each as { type?: unknown }).type);
  return [...types, ...named, ...members].map((each) => {
    const { forwardRef } = (each ?? {}) as { forwardRef?: () => unknown };
    return forwardRef ? forwardRef() : each;
  });
}

function metadata(key: string, type: object): readonly unknown[] {
  return (Reflect.getMetadata(key, type) as unknown[] | undefined) ?? [];
}
