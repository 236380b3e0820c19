// Compiled, never run: the ways to configure the module.
import { Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyFactoryOptions, OidcKeyOptionsFactory } from 'nestjs-oidc-key';

@Injectable()
class Options implements OidcKeyOptionsFactory {
  createOidcKeyOptions(): OidcKeyFactoryOptions {
    return { key: 'pem', jwksMaxAge: 60 };
  }
}

@Module({
  imports: [
    OidcKeyModule.forRootAsync(),
    OidcKeyModule.forRootAsync({
      isGlobal: true,
      envPrefix: 'ADMIN_',
      jwks: { path: '/keys', decorators: [] },
    }),
    OidcKeyModule.forRootAsync({ imports: [ConfigModule], jwks: false }),
    OidcKeyModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ key: config.getOrThrow<string>('KEY') }),
    }),
    OidcKeyModule.forRootAsync({ useFactory: async () => ({ extraTokenFields: () => ({ aud: 'api' }) }) }),
    OidcKeyModule.forRootAsync({ useClass: Options }),
    OidcKeyModule.forRootAsync({ useExisting: Options }),
    OidcKeyModule.forRoot({
      key: { key: Buffer.alloc(0), passphrase: 'x', kid: 'x', algorithm: 'RS256' },
      isGlobal: true,
    }),
    OidcKeyModule.forRoot({ key: ['pem'], nextKeys: [{ kty: 'RSA' }], previousKeys: { keys: [] } }),
    // @ts-expect-error the key is missing
    OidcKeyModule.forRoot({}),
    // @ts-expect-error what a route needs is known at registration, not to a factory
    OidcKeyModule.forRootAsync({ useFactory: () => ({ key: 'pem', jwks: 1 as const }), jwks: 1 }),
    // @ts-expect-error an option that does not exist
    OidcKeyModule.forRoot({ key: 'pem', privateKey: 'pem' }),
  ],
})
export class TypesModule {}
