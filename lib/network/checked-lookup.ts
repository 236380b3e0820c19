import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** That a name leads to an address which must not be asked. */
export class ForbiddenAddress extends Error {}

/**
 * Looks a name up and connects to nothing else than what was looked at, so that a name cannot change its mind in
 * between.
 *
 * @param pinned the address to take without asking
 * @param refuse the words in which an address is refused, undefined where it may be asked
 */
export function checkedLookup(
  pinned: string | undefined,
  refuse: (address: string) => string | undefined,
): LookupFunction {
  return (hostname, options, callback) => {
    const give = (addresses: readonly LookupAddress[]) => {
      const refusal = addresses.map(({ address }) => refuse(address)).find((each) => each !== undefined);
      if (refusal !== undefined) callback(new ForbiddenAddress(refusal), '');
      else if (options.all) callback(null, [...addresses]);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    };
    if (pinned !== undefined) {
      give([{ address: pinned, family: isIP(pinned) }]);
      return;
    }
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, '');
      else give(addresses);
    });
  };
}
