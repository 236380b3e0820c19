import type { KmsUnderTest } from './kms-under-test.js';
import { isSoftHsmInstalled, SoftHsm } from './soft-hsm.js';

export const pkcs11UnderTest: KmsUnderTest = {
  kind: 'pkcs11',
  against: 'SoftHSM',
  isInstalled: isSoftHsmInstalled,
  algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  takesKeys: false,
  start: async () => {
    const hsm = new SoftHsm();
    let keys = 0;
    return {
      environment: hsm.environment,
      query: hsm.query,
      target: async () => `pkcs11:token=t1;object=key-${++keys}`,
      disable: async (reference) => {
        const [, id] = /;id=(.*)$/.exec(reference)!;
        hsm.tool(['--delete-object', '--type', 'privkey', '--id', id!.replaceAll('%', '')]);
      },
      stop: async () => hsm.stop(),
    };
  },
};
