import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { OidcKeyModule } from 'nestjs-oidc-key';

import { TokenController } from './token.controller.js';

// The key is in the environment.
@Module({
  imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }), OidcKeyModule.forRootAsync()],
  controllers: [TokenController],
})
export class WithModule {}
