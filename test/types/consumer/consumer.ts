// Compiled, never run: an application that checks the declarations of its libraries too.
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';
import { AccessTokenGuard, ResourceServerModule } from 'nestjs-oidc-key/resource-server';

export const jwt = new JwtService({ key: 'pem' });
export const imports = [
  OidcKeyModule.forRootAsync({ isGlobal: true }),
  OidcKeyHealthModule,
  ResourceServerModule.forRoot({ issuer: 'https://issuer.example', audience: 'https://api.example' }),
];
export const providers = [JwtService, KeyInfo, KeyHealthIndicator, AccessTokenGuard];
