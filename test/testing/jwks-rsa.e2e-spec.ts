import { expect, it } from '@jest/globals';

import { root, run } from '../support/processes.js';

// A process of its own: Jest cannot load jwks-rsa, which requires an ES module.
it('jwks-rsa keeps each key for ten minutes by the clock of the test, and asks at once for a kid that it does not know', async () => {
  const program = `
    import assert from 'node:assert';
    import { createServer } from 'node:http';
    import { once } from 'node:events';
    import { JwtService } from 'nestjs-oidc-key';
    import { testKey } from 'nestjs-oidc-key/testing';
    import { Front } from './dist/testing/rotation/front.js';
    import { JwksRsaParty } from './dist/testing/rotation/relying-parties/jwks-rsa.js';
    import { SignedToken } from './dist/testing/rotation/signed-token.js';

    let requests = 0;
    let service = new JwtService({ key: testKey('ES256') });
    const server = createServer((_, response) => {
      requests += 1;
      response.end(JSON.stringify(service.getKeySet()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const replica = { jwksUri: new URL('http://127.0.0.1:' + server.address().port) };
    const party = await JwksRsaParty.ifInstalled(new Front([replica]));
    const start = Date.now() + 5_000_000;
    const signed = async (now, by = service) =>
      new SignedToken(await by.sign({}, { expiresIn: 86_400 }), replica, { now, lifetime: 0 });

    const token = await signed(start);
    await party.verify(token, start);
    await party.verify(token, start + 599_000);
    assert.equal(requests, 1);
    await party.verify(token, start + 600_000);
    assert.equal(requests, 2);

    const { kid } = service.getKeySet().keys[0];
    const forger = new JwtService({ key: { key: testKey('ES256', 2), kid } });
    await assert.rejects(party.verify(await signed(start, forger), start), /signature/);

    const before = requests;
    service = new JwtService({ key: testKey('ES256', 2) });
    await party.verify(await signed(start + 600_000), start + 600_000);
    assert.equal(requests, before + 1);
    await party.verify(token, start + 601_000);
    await assert.rejects(party.verify(token, start + 1_300_000), /Unable to find a signing key/);
    service = new JwtService({ key: testKey('ES256') });
    await assert.rejects(party.verify(token, start + 86_401_000), /"exp"/);
    server.closeAllConnections();
    server.close();`;
  const { code, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
  });
  expect([stderr, code]).toEqual(['', 0]);
});
