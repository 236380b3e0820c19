// A resource server, which shares nothing with the rest but the address of the JWKS.
import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ResourceServerModule } from 'nestjs-oidc-key/resource-server';
import type { Settings } from '../settings.js';
import { MeController } from './me.controller.js';

// Shares nothing with the authorization server but two settings, and gets the keys over HTTP as any other server
// would: it could run in another process.
@Module({
  imports: [
    ResourceServerModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService<Settings, true>) => ({
        issuer: config.get('ISSUER', { infer: true }),
        audience: config.get('API_AUDIENCE', { infer: true }),
      }),
    }),
  ],
  controllers: [MeController],
})
export class ApiModule {}
