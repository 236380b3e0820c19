import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { payload } from '../contender.js';

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    return { sub: payload.sub };
  }
}

@Module({ controllers: [OrdersController] })
class UnguardedModule {}

export function application(): Promise<INestApplication> {
  return NestFactory.create(UnguardedModule, { logger: ['error'] });
}
