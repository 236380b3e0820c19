import { ConfigModule } from '@nestjs/config';
import type { LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';

import { builtSample } from '../support/built-sample.js';
import { RecordingLogger } from '../support/platforms.js';
import { sampleEnvironment, sampleOf } from './sample-server.js';
import type { Sample } from './sample-server.js';

/**
 * The sample as main.ts runs it, but in this process, so that a test can put its own class in the place of one of
 * the sample's: for what a user's own code may do there.
 */
export async function startInProcess(
  change: (builder: TestingModuleBuilder) => TestingModuleBuilder,
): Promise<Sample> {
  const { AppModule } =
    await builtSample<typeof import('../../sample-app/src/app.module.js')>('app.module.js');
  const { configure } =
    await builtSample<typeof import('../../sample-app/src/create-app.js')>('create-app.js');
  const { settingsSchema } =
    await builtSample<typeof import('../../sample-app/src/settings.js')>('settings.js');
  const environment = await sampleEnvironment();
  const settings = { ...environment, ...settingsSchema.parse(environment) };
  const configuration = await ConfigModule.forRoot({
    isGlobal: true,
    ignoreEnvFile: true,
    ignoreEnvVars: true,
    load: [() => settings],
  });
  const builder = Test.createTestingModule({ imports: [configuration, AppModule] });
  const testing = await change(builder).compile();
  const logger = new RecordingLogger();
  const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false });
  app.useLogger(logger satisfies LoggerService);
  configure(app);
  await app.listen(settings.PORT, settings.HOST);
  return sampleOf(environment, {
    stop: () => app.close(),
    get log() {
      return logger.lines.map((line) => line.map(String).join(' ')).join('\n');
    },
  });
}
