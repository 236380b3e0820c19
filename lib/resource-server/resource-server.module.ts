import { ConfigurableModuleBuilder, Inject, Logger, Module } from '@nestjs/common';
import type { DynamicModule, NestModule, OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from '../core/errors.js';
import { AccessTokenGuard, GUARD_SETTINGS } from './access-token.guard.js';
import type { GuardSettings } from './access-token.guard.js';
import { AccessTokenVerifier } from './access-token.verifier.js';
import { checkDeclarations } from './check-declarations.js';
import { RemoteKeys } from './keys/remote-keys.js';
import { RingKeys } from './keys/ring-keys.js';
import { RefusalLog } from './refusal-log.js';
import { refuseShadowing } from './refuse-shadowing.js';
import { plain } from './option-values.js';
import { resolveResourceServerOptions } from './resolve-options.js';
import type { ResolvedIssuer } from './resolve-issuer.js';
import type { ResolvedResourceServerOptions } from './resolve-options.js';
import type {
  ResourceServerAsyncOptions,
  ResourceServerExtras,
  ResourceServerOptions,
} from './resource-server.options.js';

/** Injects the options as they were checked. */
const RESOLVED_OPTIONS = Symbol('RESOLVED_RESOURCE_SERVER_OPTIONS');

const definition = new ConfigurableModuleBuilder<ResourceServerOptions>({ moduleName: 'ResourceServer' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createResourceServerOptions')
  .setExtras<ResourceServerExtras>({ isGlobal: false }, (module, { isGlobal = false }) => ({
    ...module,
    global: isGlobal,
  }))
  .build();

/** The statics as they are documented; the builder's own types know no optional extras. */
interface ResourceServerModuleStatics {
  new (): object;
  /** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` when the application boots */
  forRoot(options: ResourceServerOptions & ResourceServerExtras): DynamicModule;
  /** The same, with options from a factory, and from what is injected into it. */
  forRootAsync(options: ResourceServerAsyncOptions): DynamicModule;
}

const ConfigurableResourceServerModule =
  definition.ConfigurableModuleClass as unknown as ResourceServerModuleStatics;

/**
 * Gives an application {@link AccessTokenGuard}, which accepts the access tokens of one issuer, or of several. It needs
 * nothing of an issuer but its address, so it works for a resource server in another process, and for any issuer that
 * signs its access tokens.
 */
@Module({
  providers: [
    // What forRoot and forRootAsync give takes its place.
    {
      provide: definition.MODULE_OPTIONS_TOKEN,
      useFactory: () => {
        throw bareModule();
      },
    },
    {
      provide: RESOLVED_OPTIONS,
      useFactory: resolveResourceServerOptions,
      inject: [definition.MODULE_OPTIONS_TOKEN],
    },
    {
      provide: AccessTokenVerifier,
      useFactory: ({ issuers }: ResolvedResourceServerOptions) =>
        new AccessTokenVerifier(issuers.map((settings) => ({ settings, keys: keysOf(settings) }))),
      inject: [RESOLVED_OPTIONS],
    },
    {
      provide: GUARD_SETTINGS,
      useFactory: ({ getToken }: ResolvedResourceServerOptions): GuardSettings => ({
        getToken,
        log: new RefusalLog(),
      }),
      inject: [RESOLVED_OPTIONS],
    },
    AccessTokenGuard,
  ],
  // A guard that a controller names is made in the controller's module, so what it needs is exported with it.
  exports: [AccessTokenGuard, AccessTokenVerifier, GUARD_SETTINGS],
})
export class ResourceServerModule
  extends ConfigurableResourceServerModule
  implements NestModule, OnModuleInit
{
  #isChecked = false;

  /** @hidden Nest calls it. */
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly applicationConfig: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    super();
    refuseShadowing(modules, ResourceServerModule);
  }

  /** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` for options that are no plain object; the rest when it boots */
  static override forRoot(options: ResourceServerOptions & ResourceServerExtras): DynamicModule {
    // The builder copies them, and what a class computes or inherits would not be in the copy.
    plain(options, 'ResourceServerModule');
    return super.forRoot(options);
  }

  /** @hidden Nest calls it, in an application with HTTP, before it makes routes of handlers. */
  configure(): void {
    this.#check();
  }

  /** @hidden Nest calls it. */
  onModuleInit(): void {
    this.#check();
  }

  #check(): void {
    if (this.#isChecked) return;
    this.#isChecked = true;
    const isHybrid = isMicroserviceIn(this.modules) && Boolean(this.adapterHost.httpAdapter);
    checkDeclarations(this.modules, this.applicationConfig, isHybrid, new Logger(ResourceServerModule.name));
  }
}

function bareModule(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    'ResourceServerModule stands in `imports` without options. Write ' +
      '`ResourceServerModule.forRoot({ issuer, audience })`, or `forRootAsync` with a factory.',
  );
}

function isMicroserviceIn(modules: ModulesContainer): boolean {
  let isOne = false;
  // Nest 11.0 has no registry of them.
  const registry = (modules as Partial<ModulesContainer>).getRpcTargetRegistry?.();
  registry?.subscribe(() => (isOne = true)).unsubscribe();
  return isOne;
}

function keysOf({ origin, issuer, algorithms, keepKeysFor }: ResolvedIssuer): RemoteKeys | RingKeys {
  if ('keys' in origin) return new RingKeys(origin.keys);
  const logger = new Logger(ResourceServerModule.name);
  return new RemoteKeys({ issuer, jwksUri: origin.jwksUri, algorithms, keepKeysFor, logger });
}
