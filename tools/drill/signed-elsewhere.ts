import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { FileKeySource } from 'nestjs-oidc-key';
import type { KeySlots, KeySource, NamedValue } from 'nestjs-oidc-key';

/** As long as a KMS in the same region takes, in milliseconds. */
const roundTrip = 50;

/** The keys of a folder, of which the issuer gets the public halves and signers that answer later. */
export function signedElsewhere(folder: string): KeySource {
  const files = FileKeySource.inDirectory(folder);
  return {
    load: async () => {
      const slots = await files.load();
      return { ...slots, current: elsewhere(slots.current), next: elsewhere(slots.next) } as KeySlots;
    },
    watch: (changed) => files.watch(changed),
  };
}

function elsewhere(slot: KeySlots['next']): unknown {
  const pem = (slot as NamedValue).value as Buffer | undefined;
  if (pem === undefined || pem.length === 0) return slot;
  const privateKey = createPrivateKey(pem);
  return {
    key: createPublicKey(privateKey),
    signer: {
      sign: async (data: Buffer) => {
        await wait(roundTrip);
        return sign('sha256', data, privateKey);
      },
    },
  };
}
