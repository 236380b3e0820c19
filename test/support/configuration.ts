import { ConfigModule } from '@nestjs/config';

/** A ConfigService that knows these settings and nothing of the process. */
export const configurationOf = (settings: object) =>
  ConfigModule.forRoot({
    isGlobal: true,
    ignoreEnvFile: true,
    skipProcessEnv: true,
    cache: false,
    load: [() => ({ ...settings })],
  });
