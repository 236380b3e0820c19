import 'reflect-metadata';

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Inject, Module, Post } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { claims } from './claims.js';
import { realTimes, scaled } from './scale.js';
import type { ServerMessage } from './server-message.js';
import { signedElsewhere } from './signed-elsewhere.js';
import { ownStore } from './store-named.js';

@Controller()
class MintController {
  constructor(
    @Inject(JwtService) private readonly jwt: JwtService,
    @Inject(ConfigService) private readonly config: ConfigService,
  ) {}

  @Post('mint')
  async mint(): Promise<{ token: string }> {
    // Not rounded, which would take a tenth of its life from a token.
    const exp = Date.now() / 1000 + scaled(realTimes.tokenLifetime);
    const iss = this.config.getOrThrow<string>('ISSUER');
    return { token: await this.jwt.sign({ ...claims, iss, exp }) };
  }
}

/** Without any, the keys come from the settings, where a store may be named. */
async function keys(): Promise<object> {
  const { SIGNED_ELSEWHERE: folder, OWN_KEY_STORE: own } = process.env;
  if (own !== undefined) return { store: await ownStore(own) };
  return folder === undefined ? {} : { source: signedElsewhere(folder) };
}

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
    OidcKeyModule.forRootAsync({
      // No public option: an issuer must not lower it.
      useFactory: async () => ({ ...(await keys()), propagationFloor: scaled(realTimes.floor) }) as never,
    }),
  ],
  controllers: [MintController],
})
class ServerModule {}

function tell(message: ServerMessage): void {
  process.send?.(message);
}

// The drill was killed, and could not end this process itself.
process.once('disconnect', () => process.exit());

const app = await NestFactory.create(ServerModule, { logger: ['warn', 'error'] });
app.enableShutdownHooks();
app.get(KeyRotation).events$.subscribe((event) => {
  if (event.type === 'promoted') tell({ type: 'promoted', kid: event.kid });
  if (event.type === 'reload-failed') tell({ type: 'reload-failed', code: event.code });
});
await app.listen(0, '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
tell({ type: 'ready', port, kid: app.get(KeyInfo).kid });
