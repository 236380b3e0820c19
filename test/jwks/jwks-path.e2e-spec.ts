import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { OidcKeyModule } from 'nestjs-oidc-key';

import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

const key = makeRsaKey();
const other = makeRsaKey();
const path = '/.well-known/jwks.json';
const neighbours = [`/x${path}`, '/.well-known/jwksXjson', `${path}/x`];

/** The application's own routes whose paths resemble ours. */
@Controller()
class NeighbourController {
  @Get(neighbours)
  neighbour() {
    return 'neighbour';
  }
}

@Controller()
class OwnJwksController {
  @Get(path)
  keys() {
    return 'own';
  }
}

describe.each(platforms)('the path of the JWKS on %s', (_, adapter) => {
  afterEach(closeAll);

  it.each(neighbours)('is the only one that ignores the global prefix: %s does not', async (neighbour) => {
    const { fetch } = await boot(
      adapter(),
      { imports: [OidcKeyModule.forRoot({ key })], controllers: [NeighbourController] },
      (app) => app.setGlobalPrefix('api'),
    );
    expect((await fetch(neighbour)).status).toBe(404);
    expect((await fetch(`/api${neighbour}`)).status).toBe(200);
    expect((await fetch(path)).status).toBe(200);
  });

  it('ignores no global prefix where the module serves no route', async () => {
    const { fetch } = await boot(
      adapter(),
      { imports: [OidcKeyModule.forRoot({ key, jwks: false })], controllers: [OwnJwksController] },
      (app) => app.setGlobalPrefix('api'),
    );
    expect(await (await fetch(`/api${path}`)).text()).toBe('own');
    expect((await fetch(path)).status).toBe(404);
  });

  it('is taken, also where another module writes it in other letters', async () => {
    const imports = [
      OidcKeyModule.forRoot({ key, jwks: { path: '/Keys' } }),
      OidcKeyModule.forRoot({ key: other, jwks: { path: '/keys' } }),
    ];
    expect((await rejectionOf(boot(adapter(), { imports }))).code).toBe('OIDC_KEY_MODULE_TWICE');
  });

  it('is not taken by a module without a route', async () => {
    const imports = [OidcKeyModule.forRoot({ key }), OidcKeyModule.forRoot({ key: other, jwks: false })];
    const { fetch } = await boot(adapter(), { imports });
    expect((await fetch(path)).status).toBe(200);
  });
});
