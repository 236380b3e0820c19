// Runs commands on a store, one after the other, as the process that sends them asks for: a process of its own that lives
// for long, since a boot takes longer than a command.
//
// With KILL_BEFORE or LOSE_BEFORE, a number, it kills itself, or loses the connection, before that many-th time that bytes
// go out over a socket or come in; it says how often that was.
import { Socket } from 'node:net';

import { init, revoke, rotate, status } from '../../../dist/bundle/rotate/index.js';

const commands = { init, revoke, rotate, status };
const { KILL_BEFORE, LOSE_BEFORE } = process.env;
let steps = 0;
let isCounting = false;

/** @returns whether the bytes are lost */
function step(socket) {
  if (!isCounting) return false;
  const number = steps++;
  if (String(number) === KILL_BEFORE) process.kill(process.pid, 'SIGKILL');
  if (String(number) !== LOSE_BEFORE) return false;
  socket.destroy(Object.assign(new Error('lost'), { code: 'ECONNRESET' }));
  return true;
}

// oxlint-disable-next-line typescript/unbound-method -- called with the socket below
const { _writeGeneric: writeOf, push: pushOf } = Socket.prototype;
// Streams of the process itself are sockets too.
const isOfStore = (socket) => socket.remotePort !== undefined;
// oxlint-disable-next-line no-underscore-dangle -- Node has no other name for it
Socket.prototype._writeGeneric = function (writev, data, encoding, callback) {
  if (isOfStore(this) && step(this)) return undefined;
  return writeOf.call(this, writev, data, encoding, callback);
};
Socket.prototype.push = function (chunk, encoding) {
  if (chunk !== null && isOfStore(this) && step(this)) return false;
  return pushOf.call(this, chunk, encoding);
};

process.on('disconnect', () => process.exit());
process.on('message', (message) => void run(message));
process.send({ id: 'ready' });

/** A store of the sample's own is given as an object, once for each place. */
const ownStores = new Map();
async function storeOf(reference) {
  if (!reference.startsWith('own:')) return reference;
  const { openDatabase } = await import('../../../sample-app/dist/src/database/open-database.js');
  const { DatabaseKeyStore } = await import('../../../sample-app/dist/src/keys/database-key.store.js');
  const known = ownStores.get(reference);
  const store = known ?? new DatabaseKeyStore(await openDatabase(reference.slice('own:'.length)));
  ownStores.set(reference, store);
  return store;
}

async function run({ id, command, options }) {
  const store = await storeOf(options.store);
  isCounting = true;
  const result = await commands[command]({ ...options, store, settings: { get: () => undefined } }).then(
    ({ outcome, keys }) => ({ outcome, keys }),
    ({ code, message }) => ({ outcome: code, message }),
  );
  isCounting = false;
  process.send({ id, steps, ...result });
}
