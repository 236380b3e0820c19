import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { KeyStoreError } from '../key-store.js';
import { BackOff } from './back-off.js';
import { processPath } from './process-path.js';
import type { Answers, Beginning, Failure, Message, Question, Reply } from './protocol.js';
import { tokenReference } from './uri.js';

/** Of the process, each for one call of the module. As many as Node has by itself. */
const threads = 4;
/** How many are asked at once: a thread that has ended one finds the next. */
const atOnce = 2 * threads;
/** How long a process may answer nothing before a call may count as one that hangs, in milliseconds. */
const leastPatience = 1_000;
/** How long a call may take, whatever the others do. A slow device has several wait. In milliseconds. */
const mostPatience = 5_000;
/** How long a process may take to end by itself. */
const farewell = 2_000;

const closed = 'is closed. Open it again';

/** What is asked for, and who waits for it. */
interface Asked {
  readonly question: Question;
  readonly resolve: (answer: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
  /** When it went to the process, by the monotonic clock. */
  sentAt?: number;
}

/** What a process is started for. */
export type ModuleOnToken = Pick<Beginning, 'module' | 'token' | 'pinSource'>;

/** A process that runs a module, and the next one where it has hung or crashed. */
export class ModuleProcess {
  readonly #of: ModuleOnToken;
  readonly #secret = randomBytes(32);
  readonly #backOff = new BackOff();
  readonly #asked = new Map<number, Asked>();
  #waiting: Asked[] = [];
  #refusedPin: Uint8Array | undefined;
  #child: ChildProcess | undefined;
  #lastNumber = 0;
  /** When it last answered, by the monotonic clock. */
  #heardAt = 0;
  #isEnded = false;

  constructor(of: ModuleOnToken) {
    this.#of = of;
  }

  /**
   * @param signal ends what waits; where the process hangs, the process
   * @throws KeyStoreError
   */
  ask<Ask extends Question['ask']>(
    question: Extract<Question, { readonly ask: Ask }>,
    signal: AbortSignal,
  ): Promise<Answers[Ask]> {
    return new Promise<Answers[Ask]>((resolve, reject) => {
      if (signal.aborted || this.#isEnded) {
        reject(this.#isEnded ? unreachable(question.where, closed) : tooLate(question.where));
        return;
      }
      const asked: Asked = {
        question,
        resolve: (answer) => {
          signal.removeEventListener('abort', abort);
          resolve(answer as Answers[Ask]);
        },
        reject: (error) => {
          signal.removeEventListener('abort', abort);
          reject(error);
        },
      };
      const abort = () => {
        asked.reject(tooLate(question.where));
        this.#abandon(asked);
      };
      signal.addEventListener('abort', abort);
      this.#waiting.push(asked);
      this.#next();
    });
  }

  /** Ends the process, and all that waits for it. */
  end(): void {
    const child = this.#child;
    this.#isEnded = true;
    for (const asked of this.#waiting.splice(0)) asked.reject(unreachable(asked.question.where, closed));
    this.#lose(closed);
    if (!child) return;
    // It ends its sessions, if it can.
    const timer = setTimeout(() => child.kill('SIGKILL'), farewell).unref();
    child.once('exit', () => clearTimeout(timer));
    if (child.connected) child.disconnect();
  }

  #next(): void {
    while (this.#asked.size < atOnce && this.#waiting.length > 0) {
      const asked = this.#waiting.shift()!;
      try {
        this.#send(asked, this.#running());
      } catch (error) {
        asked.reject(error instanceof KeyStoreError ? error : notStarted(error, asked.question.where));
      }
    }
    // A process that waits for nothing may end, whatever runs beside it.
    const channel = this.#child?.channel;
    if (this.#asked.size > 0) channel?.ref();
    else channel?.unref();
  }

  #send(asked: Asked, child: ChildProcess): void {
    const number = ++this.#lastNumber;
    asked.sentAt = performance.now();
    this.#asked.set(number, asked);
    this.#tell(child, { number, question: asked.question });
  }

  /** A call in a module cannot be interrupted. One that runs for too long has hung, and what runs beside it soon will. */
  #abandon(asked: Asked): void {
    if (asked.sentAt === undefined) {
      this.#waiting = this.#waiting.filter((each) => each !== asked);
      return;
    }
    const child = this.#child;
    const giveUp = () => {
      const underWay = [...this.#asked.values()];
      if (this.#child !== child || !underWay.includes(asked)) return;
      const left = this.#patienceWith(asked);
      // A key that is being made would be left on the token without a name. Its maker waits for it only so long.
      const isMaking = underWay.some((other) => other !== asked && other.question.ask === 'create');
      if (left > 0 || isMaking) {
        setTimeout(giveUp, isMaking ? leastPatience : left).unref();
        return;
      }
      child?.kill('SIGKILL');
      this.#lose('gets no answer: a call in the module hangs, and its process was ended');
    };
    giveUp();
  }

  /** In milliseconds; less than 0 when the call counts as one that hangs. */
  #patienceWith({ sentAt = 0 }: Asked): number {
    const until = Math.min(Math.max(sentAt, this.#heardAt) + leastPatience, sentAt + mostPatience);
    return until - performance.now();
  }

  #running(): ChildProcess {
    this.#child ??= this.#start();
    return this.#child;
  }

  #start(): ChildProcess {
    this.#backOff.check();
    // Options of Node that the parent was started with are not for this one, nor a debugger's port.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = fork(fileURLToPath(processPath), {
      env: { ...env, UV_THREADPOOL_SIZE: String(threads) },
      // What it makes is gone at once; with the usual room for that it grows to twice the size.
      execArgv: ['--max-semi-space-size=1'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.unref();
    child.on('message', (reply: Reply) => this.#hear(reply));
    const die = () => {
      if (this.#child === child) this.#lose('gets no answer: the process that runs the module has ended');
    };
    child.on('exit', die).on('error', die);
    this.#tell(child, { begin: { ...this.#of, secret: this.#secret, refusedPin: this.#refusedPin } });
    return child;
  }

  #tell(child: ChildProcess, message: Message): void {
    // That it did not go out is told by the end of the process.
    child.send(message, () => undefined);
  }

  #hear(reply: Reply): void {
    if ('refusedPin' in reply) {
      this.#refusedPin = reply.refusedPin;
      return;
    }
    const asked = this.#asked.get(reply.number);
    if (!asked) return;
    this.#asked.delete(reply.number);
    this.#heardAt = performance.now();
    this.#backOff.succeeded();
    if ('answer' in reply) asked.resolve(reply.answer);
    else asked.reject(errorOf(reply.failure));
    this.#next();
  }

  /** Whoever was asked is gone: nobody waits for its answers. */
  #lose(why: string): void {
    this.#child = undefined;
    const lost = [...this.#asked.values()];
    this.#asked.clear();
    if (lost.length > 0) this.#backOff.failed(unreachable(tokenReference(this.#of.token), why));
    for (const asked of lost) asked.reject(unreachable(asked.question.where, why));
    this.#next();
  }
}

function errorOf({ code, message, isTransient }: Failure): KeyStoreError {
  return new KeyStoreError(code, message, { isTransient });
}

/** Node's permission model, or a machine that has no room. */
function notStarted(error: unknown, where: string): KeyStoreError {
  const { code = 'no reason given' } = error as NodeJS.ErrnoException;
  return unreachable(where, `is not asked: no process can be started for its module (${code})`);
}

function unreachable(where: string, why: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_UNREACHABLE', `${where} ${why}.`, { isTransient: true });
}

function tooLate(where: string): KeyStoreError {
  return unreachable(where, 'did not answer in time. Check the device, and its service');
}
