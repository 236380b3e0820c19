import { Injectable, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { DateInterval, AuthorizationServer } from '@jmondi/oauth2-server';
import { JwtService, KeyInfo, KeyRotation, OidcKeyError, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySource, OidcKeyOptions, OidcKeyOptionsFactory } from 'nestjs-oidc-key';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';
import {
  AccessTokenGuard,
  Public,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';

@Injectable()
export class Tokens {
  constructor(
    private readonly jwt: JwtService,
    readonly keys: KeyInfo,
    readonly rotation: KeyRotation,
    readonly health: HealthCheckService,
    readonly indicator: KeyHealthIndicator,
    readonly guard: AccessTokenGuard,
  ) {}

  async issue(sub: string): Promise<string> {
    const token = await this.jwt.sign({ sub }, { expiresIn: 60 });
    const { sub: same } = await this.jwt.verify(token);
    return same === sub ? token : '';
  }

  @RequireScopes('read')
  list(): string[] {
    return this.keys.algorithms.map((algorithm) => String(algorithm));
  }

  @Public()
  check() {
    return this.health.check([() => this.indicator.readiness('keys')]);
  }
}

export class Options implements OidcKeyOptionsFactory {
  createOidcKeyOptions(): OidcKeyOptions {
    return { key: 'pem', jwksMaxAge: 60 };
  }
}

export const source: KeySource = { load: async () => ({ current: 'pem' }) };
export const jwt = new JwtService({ key: 'pem' });
export const isOurs = (error: unknown) => error instanceof OidcKeyError && error.code === 'OIDC_KEY_MISSING';
export type Server = AuthorizationServer;
export const interval: DateInterval = new DateInterval('1h');

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    TerminusModule,
    OidcKeyHealthModule,
    OidcKeyModule.forRootAsync({
      isGlobal: true,
      useFactory: () => ({ extraTokenFields: () => ({ iss: 'x' }) }),
    }),
    ResourceServerModule.forRoot({ issuer: 'https://issuer.example', audience: 'https://api.example' }),
  ],
  providers: [Tokens],
})
export class AppModule {}
