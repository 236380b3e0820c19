import { generateKeyPairSync } from 'node:crypto';

import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
import { AccessTokenGuard } from 'nestjs-oidc-key/resource-server';

import { TokensService } from './tokens.service';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

describe('TokensService', () => {
  it.each([
    ['options', () => [OidcKeyModule.forRoot({ key: privateKey })]],
    [
      'ConfigService',
      () => [
        ConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          load: [() => ({ OIDC_PRIVATE_KEY: privateKey })],
        }),
        OidcKeyModule.forRootAsync(),
      ],
    ],
  ])('signs and verifies with a key from %s', async (_, imports) => {
    const module = await Test.createTestingModule({
      imports: imports(),
      providers: [TokensService],
    }).compile();
    const token = await module.get(TokensService).tokenOf('alice');
    expect(await module.get(JwtService).verify(token)).toMatchObject({ sub: 'alice' });
    expect(AccessTokenGuard.name).toBe('AccessTokenGuard');
  });
});
