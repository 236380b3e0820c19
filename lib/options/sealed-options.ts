import { randomUUID } from 'node:crypto';

import type { FactoryProvider, InjectionToken, Provider, ValueProvider } from '@nestjs/common';

import type { OidcKeyFactoryOptions } from '../oidc-key.options.js';

/**
 * Options on their way through Nest's container, where whoever has the application could print them: a key and a
 * passphrase may be among them.
 */
export class SealedOptions {
  readonly #options: OidcKeyFactoryOptions;
  /** An application may have Nest tell modules apart by what of them can be written down. */
  readonly id = randomUUID();

  constructor(options: OidcKeyFactoryOptions) {
    this.#options = options;
  }

  open(): OidcKeyFactoryOptions {
    return this.#options;
  }
}

/** The providers with whatever `token` injects sealed. */
export function withSealedOptions(providers: Provider[], token: InjectionToken): Provider[] {
  return providers.map((provider) =>
    'provide' in provider && provider.provide === token ? sealed(provider as OptionsProvider) : provider,
  );
}

type OptionsProvider = ValueProvider<OidcKeyFactoryOptions> | FactoryProvider<OidcKeyFactoryOptions>;

function sealed(provider: OptionsProvider): Provider {
  if ('useValue' in provider) return { ...provider, useValue: new SealedOptions(provider.useValue) };
  const { useFactory } = provider;
  return {
    ...provider,
    useFactory: async (...injected: unknown[]) => new SealedOptions(await useFactory(...injected)),
  };
}
