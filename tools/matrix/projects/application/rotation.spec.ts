import { Test } from '@nestjs/testing';
import { JwtService } from 'nestjs-oidc-key';
import { tokenMatchers, withRotation, withTestKey } from 'nestjs-oidc-key/testing';
import type { TokenMatchers } from 'nestjs-oidc-key/testing';

import { AppModule } from './app.module';
import { TokensService } from './tokens.service';

expect.extend(tokenMatchers);

declare global {
  namespace jest {
    interface Matchers<R> extends TokenMatchers<R> {}
  }
}

describe('a rotation of the keys of an application that configures its own', () => {
  it('loses no token', async () => {
    const module = await withTestKey(Test.createTestingModule({ imports: [AppModule] })).compile();
    const app = module.createNestApplication();
    try {
      const rotation = await withRotation(app);
      await rotation.rotate();
      await rotation.complete();
      const token = await app.get(TokensService).tokenOf('alice');
      expect(token).toBeSignedBy(app.get(JwtService));
      expect(() => expect(token).toBeAccessToken()).toThrow('its header has "typ": "JWT"');
    } finally {
      await app.close();
    }
  }, 30_000);
});
