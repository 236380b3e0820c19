// What `nestjs-oidc-key init` and `rotate` do, but in the times of the drill: the floor of propagation is no setting of
// theirs, since nobody else may lower it.
import { AllowedSigners } from '../../lib/stores/allowed-signers.js';
import { initIn, rotateIn } from '../../lib/stores/commands.js';
import { KeysElsewhere } from '../../lib/stores/keys-elsewhere.js';
import { makingHere } from '../../lib/stores/make-key.js';
import { keyStoreNamed } from '../../lib/stores/store-reference.js';
import { figures } from './scale.js';
import { isOwn, ownStore } from './store-named.js';

const commands = { init: initIn, rotate: rotateIn };
const [name = '', reference = '', to] = process.argv.slice(2);

async function run(): Promise<string> {
  const store = isOwn(reference)
    ? await ownStore(reference)
    : keyStoreNamed(reference, { name: 'OIDC_KEY_STORE' });
  const decryption = { where: reference, passphrase: undefined };
  const allowed = new AllowedSigners(process.env.OIDC_SIGNERS, 'OIDC_SIGNERS');
  const elsewhere = new KeysElsewhere({ to, allowed });
  const place = { store, decryption, figures, elsewhere, make: makingHere() };
  try {
    return (await commands[name as keyof typeof commands](place, {})).outcome;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code ?? message;
  }
}

process.once('message', () => {
  void run().then((outcome) => process.send?.(outcome, () => process.exit()));
});
// The drill was killed, and could not end this process itself.
process.once('disconnect', () => process.exit());
process.send?.('ready');
