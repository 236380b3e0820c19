import { generateKeyPairSync } from 'node:crypto';

import { Test } from '@nestjs/testing';
import { OidcKeyModule } from 'nestjs-oidc-key';

import { TokensService } from './tokens.service';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('TokensService', () => {
  it('signs and verifies with a key from options', async () => {
    const module = await Test.createTestingModule({
      imports: [OidcKeyModule.forRoot({ key })],
      providers: [TokensService],
    }).compile();
    expect(await module.get(TokensService).tokenOf('alice')).toContain('.');
  });

  it('is told what to install where the key is to come from ConfigService', async () => {
    const module = Test.createTestingModule({ imports: [OidcKeyModule.forRootAsync()] });
    await expect(module.compile()).rejects.toThrow('npm install @nestjs/config');
  });
});
