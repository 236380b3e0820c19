import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';

import { AccessTokenGuard } from './access-token.guard.js';
import { AccessTokenVerifier } from './access-token.verifier.js';
import { resolveResourceServerOptions } from './resource-server.options.js';
import type {
  ResourceServerAsyncOptions,
  ResourceServerExtras,
  ResourceServerOptions,
} from './resource-server.options.js';

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
 * Gives an application {@link AccessTokenGuard}, which accepts the access tokens of one issuer. It needs nothing of the
 * issuer but its address, so it works for a resource server in another process, and for any issuer that follows RFC 9068.
 */
@Module({
  providers: [
    {
      provide: AccessTokenVerifier,
      useFactory: (options: ResourceServerOptions) =>
        new AccessTokenVerifier(resolveResourceServerOptions(options)),
      inject: [definition.MODULE_OPTIONS_TOKEN],
    },
    AccessTokenGuard,
  ],
  // A guard that a controller names is made in the controller's module, so what it needs is exported with it.
  exports: [AccessTokenGuard, AccessTokenVerifier],
})
export class ResourceServerModule extends ConfigurableResourceServerModule {}
