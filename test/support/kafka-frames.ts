/** The little of Kafka's protocol that a proxy needs: where a message ends, whose answer it is, where it writes to. */

/** Api key of a Produce request. */
const PRODUCE = 0;
/** The last version of Produce with plain strings and arrays. */
const LAST_PLAIN_PRODUCE = 8;

/** Collects the chunks of a stream and gives each whole message, its 4 bytes of size included. */
export function frameReader(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      onFrame(frame);
    }
  };
}

/** Request => size api_key(2) api_version(2) correlation_id(4) client_id … */
export function correlationOfRequest(frame: Buffer): number {
  return frame.readInt32BE(8);
}

/** Response => size correlation_id(4) … */
export function correlationOfResponse(frame: Buffer): number {
  return frame.readInt32BE(4);
}

/**
 * The topics that a Produce request writes to; undefined for all other requests.
 * Produce (v3 to v8) => transactional_id acks(2) timeout(4) [topic [partition(4) records]]
 */
export function topicsOfProduce(frame: Buffer): string[] | undefined {
  if (frame.readInt16BE(4) !== PRODUCE) return undefined;
  const version = frame.readInt16BE(6);
  if (version < 3 || version > LAST_PLAIN_PRODUCE) throw new Error(`Produce v${version} is not known to this proxy`);
  let at = 12;
  const text = () => {
    const length = frame.readInt16BE(at);
    const start = at + 2;
    at = start + Math.max(length, 0);
    return frame.toString('utf8', start, at);
  };
  const whole = () => {
    at += 4;
    return frame.readInt32BE(at - 4);
  };
  text();
  text();
  at += 6;
  return Array.from({ length: whole() }, () => {
    const topic = text();
    for (let partitions = whole(); partitions > 0; partitions -= 1) {
      at += 4;
      at += whole();
    }
    return topic;
  });
}
