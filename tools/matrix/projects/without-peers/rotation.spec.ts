import { Test } from '@nestjs/testing';
import { OidcKeyTestingModule, withRotation } from 'nestjs-oidc-key/testing';

describe('a rotation of the keys of a testing module', () => {
  it('loses no token', async () => {
    const module = await Test.createTestingModule({ imports: [OidcKeyTestingModule.forRoot()] }).compile();
    const app = module.createNestApplication();
    try {
      const rotation = await withRotation(app);
      await rotation.rotate();
      await rotation.complete();
    } finally {
      await app.close();
    }
  }, 30_000);
});
