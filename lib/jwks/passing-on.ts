import { VersioningType } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';

/**
 * Whether a handler of a controller may pass a request on to the next route: where controllers are for a host, or for
 * a version that the path does not say, Nest asks each of them.
 */
export function controllersMayPassOn(config: ApplicationConfig, modules: ModulesContainer): boolean {
  const versioning = config.getVersioning();
  if (versioning !== undefined && versioning.type !== VersioningType.URI) return true;
  return [...modules.values()]
    .flatMap(({ controllers }) => [...controllers.values()])
    .some(({ metatype }) => metatype && Reflect.getMetadata('host', metatype) !== undefined);
}
