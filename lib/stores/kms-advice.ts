import type { KeySetView } from '../core/key-set/key-set-view.js';
import { printable } from '../core/key-set/naming.js';
import type { Advice } from '../core/key-set/safe-now.js';

/** What `status` advises where a KMS is the store of all keys, to which no command writes. */
export function adviceOfKms({ keys }: KeySetView, nameOfRevoked: string): readonly Advice[] {
  return [
    {
      command: 'rotate',
      isSafe: false,
      why: 'the KMS is the store, and makes its keys by itself or with its own tool',
    },
    ...keys
      .filter(({ signs }) => signs)
      .map(({ key }) => ({
        command: `revoke ${printable(key.kid)}`,
        isSafe: false,
        why: `no command writes to a KMS that is the store; for a stolen key ${nameOfRevoked} of the servers names it, when the KMS has a newer one`,
      })),
  ];
}
