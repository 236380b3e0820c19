// Hashes passwords and client secrets, a few at a time: argon2 keeps a thread of Node's pool busy for 10 ms and more,
// and whatever signs tokens waits for the same four threads.
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { TryLaterException } from './http/try-later.exception.js';

const AT_ONCE = 2;
// About a second's work. Whoever came later would wait for an answer that nobody reads any more.
const WAITING = 100;

const limit = pLimit(AT_ONCE);

// The package's defaults are argon2id with the parameters of the OWASP Password Storage Cheat Sheet (19 MiB, 2 passes,
// 1 thread).
export function hashSecret(secret: string): Promise<string> {
  return limit(() => hash(secret));
}

/** Rejects with a TryLaterException if too many wait already. */
export async function verifySecret(secretHash: string, secret: string): Promise<boolean> {
  if (limit.pendingCount >= WAITING) throw new TryLaterException(503, 1);
  return limit(() => verify(secretHash, secret));
}
