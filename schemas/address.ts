/**
 * The address that every event carries in its first two fields, readable behind the 5-byte Confluent prefix
 * without the registry, whatever version of whatever event it is.
 */

/** Bytes of the Confluent wire format before the Avro body: magic 0 and the schema id (4 bytes, big endian). */
export const PREFIX_BYTES = 5;

export interface Address {
  /** Offset at which the writer expected the event to land. */
  expectedOffset: number;
  /** Offset of the command that caused it, in the same partition of the commands topic. */
  commandOffset: number;
}

/** The address of an encoded event, or undefined when the bytes are not in Confluent wire format. */
export function peekAddress(value: Uint8Array | null): Address | undefined {
  if (!value || value.length < PREFIX_BYTES + 2 || value[0] !== 0) return undefined;
  const first = readLong(value, PREFIX_BYTES);
  const second = first && readLong(value, first.end);
  return second && { expectedOffset: first.value, commandOffset: second.value };
}

/** The command id of an encoded event, its third field, as the UTF-8 bytes that lie there; undefined as above. */
export function peekCommandId(value: Uint8Array): Uint8Array | undefined {
  const expectedOffset = readLong(value, PREFIX_BYTES);
  const commandOffset = expectedOffset && readLong(value, expectedOffset.end);
  const length = commandOffset && readLong(value, commandOffset.end);
  if (!length || length.value < 0 || length.end + length.value > value.length) return undefined;
  return value.subarray(length.end, length.end + length.value);
}

/** The validity rule: an event is valid if and only if it sits where its writer expected it to land. */
export function isValid(record: { offset: number; value: Uint8Array | null }): boolean {
  return peekAddress(record.value)?.expectedOffset === record.offset;
}

/** Avro long: zigzag, seven bits a byte, least significant first. Undefined when it is cut short or unsafe. */
function readLong(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let zigzag = 0;
  let scale = 1;
  for (let end = start; end < bytes.length && end < start + 8; end += 1, scale *= 128) {
    const byte = bytes[end] ?? 0;
    zigzag += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2, end: end + 1 };
  }
  return undefined;
}
