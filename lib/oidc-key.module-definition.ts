import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';

import { createJwksController } from './jwks/jwks.controller.js';
import type {
  OidcKeyAsyncOptions,
  OidcKeyExtras,
  OidcKeyFactoryOptions,
  OidcKeyOptions,
} from './oidc-key.options.js';
import { withSealedOptions } from './options/sealed-options.js';
import { defaultEnvPrefix } from './sources/setting-names.js';

export type ResolvedExtras = Required<Omit<OidcKeyExtras, 'issuerName'>> & Pick<OidcKeyExtras, 'issuerName'>;

/** Injects what was known at registration. */
export const OIDC_KEY_EXTRAS = Symbol('OIDC_KEY_EXTRAS');

/** Injects what the providers are made from: the options with every setting read. */
export const RESOLVED_OPTIONS = Symbol('OIDC_KEY_RESOLVED_OPTIONS');

/** Injects the name under which the JWKS route has its answer. */
export const JWKS_VIEW = Symbol('OIDC_KEY_JWKS_VIEW');

/** Injects the options, sealed. */
export const OIDC_KEY_OPTIONS = Symbol('OIDC_KEY_OPTIONS');

const defaultExtras: ResolvedExtras = {
  isGlobal: false,
  jwks: {},
  envPrefix: defaultEnvPrefix,
  issuerName: undefined,
};

export const extraNames: readonly string[] = Object.keys(defaultExtras);

const definition = new ConfigurableModuleBuilder<OidcKeyFactoryOptions>({
  optionsInjectionToken: OIDC_KEY_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createOidcKeyOptions')
  .setExtras<OidcKeyExtras>(defaultExtras, (module, given) => {
    // The builder hands over the options too, a key among them: only extras are kept, if they are given.
    const names = Object.keys(defaultExtras) as (keyof OidcKeyExtras)[];
    const extras = Object.fromEntries(
      names.map((name) => [name, given[name] ?? defaultExtras[name]]),
    ) as unknown as ResolvedExtras;
    const view = Symbol('JWKS');
    return {
      ...module,
      global: extras.isGlobal,
      providers: [
        ...withSealedOptions(module.providers ?? [], OIDC_KEY_OPTIONS),
        { provide: OIDC_KEY_EXTRAS, useValue: extras },
        { provide: JWKS_VIEW, useValue: view },
      ],
      controllers: extras.jwks === false ? [] : [createJwksController(extras.jwks, view)],
    };
  })
  .build();

/** The statics as they are documented; the builder's own types know neither extras as optional nor a call without options. */
interface OidcKeyModuleStatics {
  new (): object;
  forRoot(options: OidcKeyOptions & OidcKeyExtras): DynamicModule;
  forRootAsync(options?: OidcKeyAsyncOptions): DynamicModule;
}

export const ConfigurableOidcKeyModule =
  definition.ConfigurableModuleClass as unknown as OidcKeyModuleStatics;
