import { Module } from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.js';
import { MeController } from './me.controller.js';

// Shares nothing with the authorization server but two settings: it could run in another process.
@Module({ controllers: [MeController], providers: [AccessTokenGuard] })
export class ApiModule {}
