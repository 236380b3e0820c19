import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';

await (await NestFactory.create(AppModule)).listen(process.env.PORT ?? 3000);
