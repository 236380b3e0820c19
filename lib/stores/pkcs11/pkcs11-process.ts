/**
 * The process in which a module of PKCS#11 runs. A module that hangs cannot be interrupted, and one that crashes takes its
 * process with it: both end this one, and not the server.
 */
import { Worker } from 'node:worker_threads';

import type { PKCS11 } from 'pkcs11js';

import { KeyStoreError } from '../key-store.js';
import { loadPackage } from '../vendor-package.js';
import type { Beginning, Message, Question, Reply } from './protocol.js';
import { TokenKeys } from './token-keys.js';
import { Token } from './token.js';
import { tokenReference } from './uri.js';

/** How long what runs has to end, in milliseconds. */
const patience = 1_000;

let token: Token | undefined;
let keys: Promise<TokenKeys> | undefined;
let beginning: Beginning | undefined;

process.on('message', (message: Message) => {
  if ('begin' in message) beginning = message.begin;
  else void answer(message.number, message.question);
});

// A terminal and systemd send these to every process of a service, of which the parent still has requests to answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.on('disconnect', () => {
  // Of two that may hang, a call and the end, neither keeps the process.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), patience);
  void (token?.close() ?? Promise.resolve()).finally(() => process.exit());
});

// While a call hangs, this thread sees no end of the parent; another one does.
new Worker(
  `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL'); }, ${patience})`,
  { eval: true },
).unref();

async function answer(number: number, question: Question): Promise<void> {
  try {
    keys ??= opened(beginning!).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    tell({ number, answer: await (await keys).answer(question) });
  } catch (error) {
    const { code, message, isTransient } =
      error instanceof KeyStoreError ? error : unknownFailure(error, question.where);
    tell({ number, failure: { code, message, isTransient } });
  }
}

async function opened(start: Beginning): Promise<TokenKeys> {
  const where = tokenReference(start.token);
  const { default: pkcs11js } = await loadPackage(
    'pkcs11js',
    where,
    () => import('pkcs11js'),
    '. It is compiled when it is installed, which takes a C++ compiler, make and Python; after an installation without ' +
      'scripts: npm rebuild pkcs11js',
  );
  const module: PKCS11 = new pkcs11js.PKCS11();
  try {
    module.load(start.module);
  } catch (error) {
    throw new KeyStoreError('KEY_STORE_MISCONFIGURED', `${where} cannot be asked: ${reasonOf(error)}`);
  }
  token = new Token(module, start, (refusedPin) => tell({ refusedPin }));
  return new TokenKeys(token);
}

/** The words of dlopen. They have the path, which is no secret. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  if (message.includes('No such file')) return 'the file that module-path names is not there.';
  if (message.includes('C_GetFunctionList')) {
    return 'the file that module-path names is a library, and no module of PKCS#11 (it has no C_GetFunctionList).';
  }
  return 'the file that module-path names cannot be loaded. It has to be a module of PKCS#11 for this machine and its C library.';
}

/** What somebody else's code throws may say anything. */
function unknownFailure(error: unknown, where: string): KeyStoreError {
  const kind = error instanceof Error ? error.name : typeof error;
  return new KeyStoreError(
    'KEY_STORE_NOT_READ',
    `${where} is not used: the module fails in a way that is not known (${kind}).`,
  );
}

function tell(reply: Reply): void {
  // Nobody is left to be told where the parent has gone.
  if (process.connected) process.send!(reply, undefined, undefined, () => undefined);
}
