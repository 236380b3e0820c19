import { Inject, Logger, Module, RequestMethod } from '@nestjs/common';
import type { DynamicModule, NestModule, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';

import { OidcKeyError } from './core/errors.js';
import { JwtService, LiveRing } from './core/jwt/jwt.service.js';
import { isUnset } from './core/reading/text.js';
import { KeyInfo } from './core/ring/key-info.js';
import { answerAsView } from './jwks/answer-as-view.js';
import { JwksAnswer } from './jwks/jwks-answer.js';
import { jwksPathOf } from './jwks/jwks-path.js';
import { OtherHandlers } from './jwks/other-handlers.js';
import { controllersMayPassOn } from './jwks/passing-on.js';
import { issuerNameOf } from './metrics/issuer-name.js';
import { KeyMetrics } from './metrics/key-metrics.js';
import {
  ConfigurableOidcKeyModule,
  JWKS_VIEW,
  OIDC_KEY_EXTRAS,
  OIDC_KEY_OPTIONS,
  RESOLVED_OPTIONS,
} from './oidc-key.module-definition.js';
import type { ResolvedExtras } from './oidc-key.module-definition.js';
import type { OidcKeyAsyncOptions, OidcKeyExtras, OidcKeyOptions } from './oidc-key.options.js';
import { visibleConfigService } from './options/config-service.js';
import { resolveOptions } from './options/resolve-options.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import type { SealedOptions } from './options/sealed-options.js';
import { KeyRotation } from './rotation/key-rotation.js';

/**
 * Turns one configured private key into a {@link JwtService}, a {@link KeyInfo} and the JWKS route.
 *
 * `forRootAsync()` reads the key from ConfigService: `OIDC_PRIVATE_KEY`, or the file that `OIDC_PRIVATE_KEY_FILE`
 * names. A key that is missing or cannot sign stops the boot with an {@link OidcKeyError}.
 */
@Module({
  providers: [
    // What forRoot and forRootAsync give takes its place.
    {
      provide: OIDC_KEY_EXTRAS,
      useFactory: () => {
        throw bareModule();
      },
    },
    {
      provide: RESOLVED_OPTIONS,
      useFactory: async (options: SealedOptions, { envPrefix }: ResolvedExtras, module: ModuleRef) =>
        resolveOptions(options.open(), await visibleConfigService(module), envPrefix),
      inject: [OIDC_KEY_OPTIONS, OIDC_KEY_EXTRAS, ModuleRef],
    },
    {
      provide: KeyRotation,
      useFactory: ({ warnings, legacyHs256, ...options }: ResolvedOptions) => {
        const log = new Logger(KeyRotation.name);
        const ofLegacy = legacyHs256 ? [...legacyHs256.warnings(), ...legacyHs256.bootWarnings()] : [];
        for (const warning of [...warnings, ...ofLegacy]) log.warn(warning);
        const { source, timing, reloadInterval, algorithm, publicJwksUri, signers, workplace, usage } =
          options;
        return KeyRotation.start({
          source,
          timing,
          algorithm,
          reloadInterval,
          legacyHs256,
          publicJwksUri,
          signers: signers(log),
          workplace,
          usage,
          log,
        });
      },
      inject: [RESOLVED_OPTIONS],
    },
    {
      provide: JwtService,
      useFactory: (rotation: KeyRotation, { extraTokenFields, retention, legacyHs256 }: ResolvedOptions) => {
        const warn = (message: string) => new Logger(JwtService.name).warn(message);
        return new JwtService(
          new LiveRing(
            () => rotation.ring,
            extraTokenFields,
            { ...retention, warn },
            legacyHs256,
            rotation.usage,
          ),
        );
      },
      inject: [KeyRotation, RESOLVED_OPTIONS],
    },
    {
      provide: KeyInfo,
      useFactory: (rotation: KeyRotation) => new KeyInfo(() => rotation.ring),
      inject: [KeyRotation],
    },
    {
      provide: JwksAnswer,
      useFactory: (rotation: KeyRotation, { jwksMaxAge }: ResolvedOptions) =>
        new JwksAnswer(() => rotation.ring.jwks, jwksMaxAge, rotation.usage.jwksRequests),
      inject: [KeyRotation, RESOLVED_OPTIONS],
    },
    {
      provide: KeyMetrics,
      useFactory: (rotation: KeyRotation, { issuerName, envPrefix }: ResolvedExtras) =>
        new KeyMetrics(issuerNameOf(issuerName, envPrefix), rotation),
      inject: [KeyRotation, OIDC_KEY_EXTRAS],
    },
  ],
  exports: [JwtService, KeyInfo, KeyRotation],
})
export class OidcKeyModule
  extends ConfigurableOidcKeyModule
  implements NestModule, OnModuleInit, OnApplicationBootstrap
{
  readonly #jwks: ResolvedExtras['jwks'];
  readonly #applicationConfig: ApplicationConfig;
  readonly #keyInfo: KeyInfo;
  readonly #answer: JwksAnswer;
  readonly #view: symbol;
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #otherHandlers: OtherHandlers | undefined;

  /** @hidden Nest calls it. */
  constructor(
    @Inject(OIDC_KEY_EXTRAS) { jwks }: ResolvedExtras,
    @Inject(ApplicationConfig) applicationConfig: ApplicationConfig,
    @Inject(KeyInfo) keyInfo: KeyInfo,
    @Inject(JwksAnswer) answer: JwksAnswer,
    @Inject(JWKS_VIEW) view: symbol,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    super();
    this.#jwks = jwks;
    this.#applicationConfig = applicationConfig;
    this.#keyInfo = keyInfo;
    this.#answer = answer;
    this.#view = view;
    this.#host = host;
    this.#modules = modules;
    this.#otherHandlers = jwks
      ? new OtherHandlers(host, jwksPathOf(jwks), new Logger(OidcKeyModule.name))
      : undefined;
    refuseTwice(modules);
  }

  /** @throws OidcKeyError `OIDC_KEY_MISSING` where the options hold neither a key, nor a source, nor a store */
  static override forRoot(options: OidcKeyOptions & OidcKeyExtras): DynamicModule {
    const given: Partial<OidcKeyOptions> = typeof options === 'object' && options !== null ? options : {};
    if (isUnset(given.key) && !('source' in given) && !('store' in given)) throw noKeyGiven();
    return super.forRoot(options);
  }

  /** The key is read from ConfigService unless the options' factory gives one. */
  static override forRootAsync(options: OidcKeyAsyncOptions = {}): DynamicModule {
    const hasFactory = options.useFactory ?? options.useClass ?? options.useExisting;
    return super.forRootAsync(hasFactory ? options : { ...options, useFactory: () => ({}) });
  }

  /** The last moment before Nest builds its routes: keeps the JWKS out of the application's global prefix. */
  configure(): void {
    // Nest hands out an empty object in place of what it would make anew for each request.
    if (!(#jwks in this)) throw madeForEachRequest();
    if (this.#jwks === false) return;
    this.#otherHandlers?.refuse();
    const { httpAdapter } = this.#host;
    if (httpAdapter) {
      answerAsView(httpAdapter, this.#view, (request, response) => this.#answer.send(request, response));
    }
    const path = jwksPathOf(this.#jwks);
    const { exclude = [], ...others } = this.#applicationConfig.getGlobalPrefixOptions();
    // Nest compares with and without a trailing slash, and without regard to case.
    const pathRegex = new RegExp(`^${path.replaceAll('.', '\\.')}/?$`, 'i');
    this.#applicationConfig.setGlobalPrefixOptions({
      ...others,
      exclude: [...exclude, { path, requestMethod: RequestMethod.ALL, pathRegex }],
    });
  }

  /** Tells the log which key signs, and warns where that makes no OpenID provider. */
  onModuleInit(): void {
    const logger = new Logger(OidcKeyModule.name);
    logger.log(`${this.#keyInfo.algorithm} key ${this.#keyInfo.kid} signs`);
    if (!this.#keyInfo.algorithms.includes('RS256')) {
      logger.warn(
        'There is no RS256 key, so this is no OpenID provider (OpenID Connect Discovery section 3)',
      );
    }
  }

  /** The routes are registered. */
  onApplicationBootstrap(): void {
    const controllersPassOn = controllersMayPassOn(this.#applicationConfig, this.#modules);
    this.#otherHandlers?.warn(() => this.#answer.hasAnswered, controllersPassOn);
  }
}

function noKeyGiven(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISSING',
    'The option "key" of forRoot holds no key. `OidcKeyModule.forRootAsync()` reads it from ConfigService: ' +
      'whether `process.env` has what a `.env` file says yet depends on the order of imports.',
  );
}

function bareModule(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISSING',
    'OidcKeyModule stands in `imports` without a key. Write `OidcKeyModule.forRootAsync()`, which reads it from ' +
      'ConfigService, or `OidcKeyModule.forRoot({ key })`.',
  );
}

function madeForEachRequest(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    'The options of OidcKeyModule are made anew for each request, because their class, or something that is injected ' +
      'into it, has the scope REQUEST. Keys are there once for the application: give it the default scope.',
  );
}

/** @throws OidcKeyError `OIDC_KEY_MODULE_TWICE` */
function refuseTwice(modules: ModulesContainer): void {
  const registered = [...modules.values()]
    .filter(({ metatype }) => metatype === OidcKeyModule || metatype.prototype instanceof OidcKeyModule)
    .flatMap(({ providers }) => (providers.get(OIDC_KEY_EXTRAS)?.instance as ResolvedExtras | null) ?? []);
  const paths = registered.flatMap(({ jwks }) => (jwks === false ? [] : jwksPathOf(jwks).toLowerCase()));
  if (registered.filter(({ isGlobal }) => isGlobal).length > 1 || new Set(paths).size < paths.length) {
    throw new OidcKeyError(
      'OIDC_KEY_MODULE_TWICE',
      'OidcKeyModule is registered twice: both are global, or both serve the JWKS at one path. Register it once with ' +
        '`isGlobal: true`; for a second issuer, give it a `jwks.path` and an `envPrefix` of its own in a feature module.',
    );
  }
}
