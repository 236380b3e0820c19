// Compiled, never run: an application that checks the declarations of its libraries too.
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';
import { diagnoseIssuer } from 'nestjs-oidc-key/doctor';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';
import { OidcKeyOpenTelemetryModule } from 'nestjs-oidc-key/opentelemetry';
import { OidcKeyPrometheusModule } from 'nestjs-oidc-key/prometheus';
import { AccessTokenGuard, ResourceServerModule } from 'nestjs-oidc-key/resource-server';
import { Registry } from 'prom-client';

export const jwt = new JwtService({ key: 'pem' });
export const imports = [
  OidcKeyModule.forRootAsync({ isGlobal: true }),
  OidcKeyHealthModule,
  OidcKeyPrometheusModule.forRoot({ registry: new Registry() }),
  OidcKeyOpenTelemetryModule.forRoot(),
  ResourceServerModule.forRoot({ issuer: 'https://issuer.example', audience: 'https://api.example' }),
];
export const providers = [JwtService, KeyInfo, KeyHealthIndicator, AccessTokenGuard];
export const report = () => diagnoseIssuer('https://issuer.example', { deadline: 5000 });
