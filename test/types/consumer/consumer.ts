// Compiled, never run: an application that checks the declarations of its libraries too.
import { Test } from '@nestjs/testing';
import { expect } from '@jest/globals';
import { JwtService, KeyInfo, OidcKeyModule } from 'nestjs-oidc-key';
import { diagnoseIssuer } from 'nestjs-oidc-key/doctor';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';
import { OidcKeyOpenTelemetryModule } from 'nestjs-oidc-key/opentelemetry';
import { OidcKeyPrometheusModule } from 'nestjs-oidc-key/prometheus';
import { AccessTokenGuard, ResourceServerModule } from 'nestjs-oidc-key/resource-server';
import { Registry } from 'prom-client';
import {
  assertSignedBy,
  OidcKeyTestingModule,
  tokenMatchers,
  withRotation,
  withTestKey,
} from 'nestjs-oidc-key/testing';
import type { TokenMatchers } from 'nestjs-oidc-key/testing';

// The two forms that docs/testing.md has for Jest.
declare global {
  namespace jest {
    interface Matchers<R> extends TokenMatchers<R> {}
  }
}
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>> extends TokenMatchers<R> {}
}

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

export async function rotates(): Promise<void> {
  const ofTest = [OidcKeyTestingModule.forRoot({ algorithm: 'ES256', isGlobal: true })];
  const module = await withTestKey(Test.createTestingModule({ imports: ofTest }), ['ES256']).compile();
  const app = module.createNestApplication();
  const rotation = await withRotation([app], { tokenLifetime: 60 });
  await rotation.rotate({ algorithm: 'ES256' });
  await rotation.complete();
  const token: unknown = await jwt.sign({});
  assertSignedBy(token, jwt);
  const length: number = token.length;
  expect.extend(tokenMatchers);
  expect(token).toBeSignedBy(app.get(KeyInfo));
  expect(length).not.toBeIdToken({ nonce: 'n' });
}
