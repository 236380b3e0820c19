// Signs with a key on a token and does nothing else: no deadline, no check, no way back where anything fails.
import pkcs11js from 'pkcs11js';
import type { Handle } from 'pkcs11js';

const [modulePath = '', label = '', pin = '', keyLabel = ''] = process.argv.slice(2);
const sessions = 4;
const mechanism = { mechanism: pkcs11js.CKM_SHA256_RSA_PKCS };

const module = new pkcs11js.PKCS11();
module.load(modulePath);
module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
const slot = module
  .C_GetSlotList(true)
  .find((each) => module.C_GetTokenInfo(each).label.trimEnd() === label) as Handle;
const free = Array.from({ length: sessions }, () => module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION));
module.C_Login(free[0]!, pkcs11js.CKU_USER, pin);
module.C_FindObjectsInit(free[0]!, [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
  { type: pkcs11js.CKA_LABEL, value: keyLabel },
]);
const [key] = module.C_FindObjects(free[0]!, 1) as [Handle];
module.C_FindObjectsFinal(free[0]!);

interface Asked {
  readonly number: number;
  readonly data: Uint8Array;
}

const waiting: Asked[] = [];
async function work(): Promise<void> {
  const session = waiting.length > 0 ? free.pop() : undefined;
  if (!session) return;
  for (let asked = waiting.shift(); asked; asked = waiting.shift()) {
    module.C_SignInit(session, mechanism, key);
    const signature = await module.C_SignAsync(session, Buffer.from(asked.data), Buffer.alloc(512));
    process.send!({ number: asked.number, signature });
  }
  free.push(session);
}
process.on('message', (asked: Asked) => {
  waiting.push(asked);
  void work();
});
process.once('disconnect', () => process.exit());
process.send!('ready');
