import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

import { AppModule } from './app.module';
import { TokensService } from './tokens.service';

async function bootstrap() {
  const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const token = await app.get(TokensService).tokenOf('alice');
  console.log(JSON.stringify({ url: await app.getUrl(), token }));
}
void bootstrap();
