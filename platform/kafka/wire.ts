/** Primitive types of Kafka's protocol on a buffer, with plain numbers: what needs more than 53 bits is not for these. */

/** Reads one value after the other. */
export class Reader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  int8(): number {
    return this.bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#skip(4));
  }

  int64(): number {
    const high = this.int32();
    return high * 0x1_0000_0000 + this.bytes.readUInt32BE(this.#skip(4));
  }

  string(): string {
    const length = this.int16();
    return this.bytes.toString('utf8', this.#skip(length), this.at);
  }

  /** Zigzag, seven bits a byte, least significant first. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] as number;
    let zigzag = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      byte = bytes[this.at++] as number;
      zigzag += (byte & 0x7f) * scale;
    }
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** Bytes behind their length as varint; they are not copied. */
  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.bytes.subarray(this.#skip(length), this.at);
  }

  array<T>(read: (reader: this) => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left -= 1) items.push(read(this));
    return items;
  }

  #skip(length: number): number {
    const start = this.at;
    this.at += length;
    return start;
  }
}

/** Writes one value after the other into a buffer that is large enough. */
export class Writer {
  readonly bytes: Buffer;
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  int8(value: number): void {
    this.at = this.bytes.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000));
    this.at = this.bytes.writeUInt32BE(value - Math.floor(value / 0x1_0000_0000) * 0x1_0000_0000, this.at);
  }

  string(value: string | null): void {
    this.int16(value === null ? -1 : Buffer.byteLength(value));
    if (value !== null) this.at += this.bytes.write(value, this.at);
  }

  varint(value: number): void {
    const { bytes } = this;
    let zigzag = zigzagOf(value);
    for (; zigzag >= 128; zigzag = Math.floor(zigzag / 128)) bytes[this.at++] = (zigzag % 128) | 0x80;
    bytes[this.at++] = zigzag;
  }

  varbytes(value: string | Uint8Array | null): void {
    this.varint(value === null ? -1 : byteLength(value));
    if (value === null) return;
    if (typeof value === 'string') this.at += this.bytes.write(value, this.at);
    else {
      this.bytes.set(value, this.at);
      this.at += value.length;
    }
  }
}

function zigzagOf(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Bytes that {@link Writer.varint} takes. */
export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let zigzag = zigzagOf(value); zigzag >= 128; zigzag = Math.floor(zigzag / 128)) size += 1;
  return size;
}

/** Bytes that {@link Writer.varbytes} takes. */
export function sizeOfVarbytes(value: string | Uint8Array | null): number {
  if (value === null) return 1;
  const length = byteLength(value);
  return sizeOfVarint(length) + length;
}

function byteLength(value: string | Uint8Array): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}
