/** An API key as its holder has it: `sales_<id>_<secret>`. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const format = /^sales_([0-9a-f]{12})_([0-9a-f]{64})$/;

/** A key that nobody has yet, from 256 random bits. Only `id` and `hash` are kept; the text is told once. */
export function generateKey(): { id: string; text: string; hash: Buffer } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('hex');
  return { id, text: `sales_${id}_${secret}`, hash: hashOf(secret) };
}

/** The parts of a key; undefined when the text can be none. */
export function parseKey(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = format.exec(text) ?? [];
  return id && secret ? { id, secret } : undefined;
}

/** Whether this is the secret that was hashed, in the same time for every wrong one. */
export function isSecret(secret: string, hash: Buffer): boolean {
  return timingSafeEqual(hashOf(secret), hash);
}

/**
 * One round of SHA-256. Slow hashes protect what people choose, which can be guessed; 256 random bits can't be, and
 * a fast hash lets every request be checked.
 */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
