import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { platforms, RecordingLogger } from '../support/platforms.js';

const key = makeRsaKey();
const path = '/.well-known/jwks.json';

@Controller('.well-known')
class OtherController {
  @Get('jwks.json')
  keys() {
    return { keys: [] };
  }
}

/** Nest makes the providers of a test before it is told of the platform. */
describe.each(platforms)('in an application of @nestjs/testing, on %s', (name, adapter) => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  async function start(metadata: ModuleMetadata, logger = new RecordingLogger()) {
    const module = await Test.createTestingModule(metadata).compile();
    app = module.createNestApplication(adapter(), { logger });
    await app.listen(0, '127.0.0.1');
    return { app, logger, url: await app.getUrl() };
  }

  it('the route serves the JWKS', async () => {
    const { app: started, url } = await start({ imports: [OidcKeyModule.forRoot({ key })] });
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(started.get(JwtService).getKeySet());
  });

  it('another handler at its path is said', async () => {
    const metadata = { controllers: [OtherController], imports: [OidcKeyModule.forRoot({ key })] };
    if (name === 'Fastify') {
      expect((await rejectionOf(start(metadata))).message).toContain('and Fastify takes one');
      return;
    }
    const { logger } = await start(metadata);
    const said = logger.lines
      .map(([line]) => String(line))
      .filter((line) => line.includes('is asked only after'));
    expect(said).toEqual([expect.stringContaining('relying parties take its keys for yours')]);
  });
});
