import { SetMetadata } from '@nestjs/common';

const jwksRoute = 'nestjs-oidc-key:jwks-route';

/** Marks a handler as the one that serves the JWKS; Nest copies the mark to what it gives to the platform's router. */
export const MarksJwksRoute = (): MethodDecorator => SetMetadata(jwksRoute, true);

export function isJwksRoute(handler: unknown): boolean {
  return typeof handler === 'function' && Reflect.hasMetadata(jwksRoute, handler);
}

export function isOfController(handler: unknown): boolean {
  return typeof handler === 'function' && Reflect.hasMetadata('path', handler);
}

/** How a message calls a handler. Nest 12 names those of controllers so: `CatsController.findAll`. */
export function nameOf(handler: unknown): string {
  if (!isOfController(handler)) return 'a handler that is of no controller';
  const { name } = handler as { name: string };
  return name.includes('.') ? name : 'a handler of a controller';
}
