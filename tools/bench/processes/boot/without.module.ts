import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

import { TokenController } from './token.controller.js';

@Module({
  imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true })],
  controllers: [TokenController],
})
export class WithoutModule {}
