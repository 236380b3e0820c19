import { Inject, Logger, Optional } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

import type { WatchableSettings } from '../sources/settings.source.js';

// What configures an application is there in less, unless it waits for us.
const patience = 10_000;

/**
 * The ConfigService that a module sees, as soon as it is there; undefined where the module sees none, or where
 * `@nestjs/config` is not installed, which an application that gives its keys as options has no need of.
 */
export async function visibleConfigService(module: ModuleRef): Promise<WatchableSettings | undefined> {
  const token = await configServiceClass();
  if (!token) return undefined;
  class SettingsOfOidcKeyModule {
    constructor(readonly config?: WatchableSettings) {}
  }
  Optional()(SettingsOfOidcKeyModule, undefined, 0);
  Inject(token)(SettingsOfOidcKeyModule, undefined, 0);
  // Nest sees no circle through what is made in passing, and a process that waits for itself ends without a word.
  const waiting = setTimeout(() => new Logger('OidcKeyModule').warn(waits), patience);
  try {
    // Nest's own injection knows what the module imports, and waits for what is still being made.
    return (await module.create(SettingsOfOidcKeyModule)).config;
  } finally {
    clearTimeout(waiting);
  }
}

const waits =
  `OidcKeyModule has waited ${patience / 1000} seconds for ConfigService. Nothing that ConfigService is made from may ` +
  'inject JwtService, KeyInfo or KeyRotation; or what it is made from takes its time.';

async function configServiceClass(): Promise<(new (...args: never[]) => WatchableSettings) | undefined> {
  try {
    // Bundlers take a package that is missing for an error, unless its import stands in a `try`.
    const { ConfigService } = await import('@nestjs/config');
    return ConfigService;
  } catch (error) {
    if (isNotInstalled(error)) return undefined;
    throw error;
  }
}

/** A dependency that `@nestjs/config` itself misses has the same code, and is no reason to go on without. */
function isNotInstalled(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  const isMissing =
    code === 'ERR_MODULE_NOT_FOUND' ||
    code === 'MODULE_NOT_FOUND' ||
    // What Vite puts in the place of an optional peer.
    message.startsWith('Could not resolve');
  return isMissing && /^[^\n]*['"]@nestjs\/config['"]/.test(message);
}
