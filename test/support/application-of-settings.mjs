// A process of its own: ConfigModule reads the `.env` of the folder that it is started in.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { OidcKeyModule } from 'nestjs-oidc-key';

const [envPrefix = 'OIDC_', json = '{}'] = process.argv.slice(2);
const { isStrict, ...options } = JSON.parse(json);

class Application {}
Module({
  imports: [
    // A schema may drop whatever it does not know.
    ConfigModule.forRoot({ isGlobal: true, ...options, ...(isStrict && { validate: () => ({ PORT: 1 }) }) }),
    OidcKeyModule.forRootAsync({ envPrefix }),
  ],
})(Application);

try {
  await NestFactory.createApplicationContext(Application, { abortOnError: false });
} catch (error) {
  process.stderr.write(`${error.code}: ${error.message}\n`);
}
process.exit();
