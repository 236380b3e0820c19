import { it } from '@jest/globals';
import { ecKey } from '../../support/lives.js';
import { init } from '../../../lib/core/key-set/init.js';
import { rotate } from '../../../lib/core/key-set/rotate.js';
import { viewOfKeySet } from '../../../lib/core/key-set/key-set-view.js';
import { adviceFor } from '../../../lib/core/key-set/safe-now.js';
import { statusText } from '../../../lib/core/key-set/status-text.js';
import { revoke } from '../../../lib/core/key-set/revoke.js';
it('x', async () => {
  const figures = { jwksMaxAge: 3600, keyRetention: 30 * 86400, keySpread: 120, clockSkew: 60 };
  const make = () => ({ privateKey: ecKey() });
  const day = 86400;
  let t = 1_900_000_000;
  let out: any = await init(undefined, { t, figures, make }, 'ES256');
  t += 90 * day;
  out = await rotate(out.keySet, { t, figures, make });
  console.log(out.sentences.join('\n'));
  t += 10 * day;
  out = await rotate(out.keySet, { t, figures, make });
  t += 3000;
  out = await revoke(out.keySet, out.keySet.keys[1].kid, { t, figures, make }, { reason: 'x' });
  console.log(out.sentences.join('\n'));
  t += 5 * day;
  console.log(
    statusText(viewOfKeySet({ set: out.keySet, figures }, t), adviceFor(out.keySet, t, figures), {
      width: 100,
    }),
  );
});
