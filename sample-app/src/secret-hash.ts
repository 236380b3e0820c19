import { hash, verify } from '@node-rs/argon2';

// Serves passwords and client secrets alike. The package's defaults are argon2id with the parameters of the
// OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 thread).

export function hashSecret(secret: string): Promise<string> {
  return hash(secret);
}

export function verifySecret(secretHash: string, secret: string): Promise<boolean> {
  return verify(secretHash, secret);
}
