/**
 * Arrays and maps of Avro that end where their bytes do. avsc reads as many items as a collection declares and looks
 * only then whether the bytes were there: a record of 20 bytes that declares a billion lines would fill all memory.
 */
import avro, { type Schema, type Type } from 'avsc';

/** What avsc reads from. Its position runs on past the end. */
interface Tap {
  buf: Uint8Array;
  pos: number;
  readLong(): number;
  readString(): string;
  skipString(): void;
}

/** What avsc calls a type by; its declarations leave it out. */
interface Codec {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

/** For avsc's `typeHook`: makes every array and map a bounded one. */
export function boundedCollections(schema: Schema, options: object): Type | undefined {
  const { type } = typeof schema === 'object' && 'type' in schema ? schema : { type: undefined };
  if (type === 'array') return new BoundedArray(schema as never, options);
  if (type === 'map') return new BoundedMap(schema as never, options);
  return undefined;
}

class BoundedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = [];
    const read = codecOf(this.itemsType);
    eachItem(tap, () => items.push(read._read(tap)));
    return items;
  }

  _skip(tap: Tap): void {
    const skip = codecOf(this.itemsType);
    eachItem(tap, () => skip._skip(tap));
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    const read = codecOf(this.valuesType);
    eachItem(tap, () => {
      const key = tap.readString();
      values[key] = read._read(tap);
    });
    return values;
  }

  _skip(tap: Tap): void {
    const skip = codecOf(this.valuesType);
    eachItem(tap, () => {
      tap.skipString();
      skip._skip(tap);
    });
  }
}

function codecOf(type: Type): Codec {
  return type as unknown as Codec;
}

// Collection: blocks of [count, items], the last one with count 0; before items of a negative count lies their size.
function eachItem(tap: Tap, visit: () => void): void {
  let left = tap.buf.length;
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) tap.readLong();
    left -= Math.abs(count);
    if (!(left >= 0) || tap.pos > tap.buf.length) throw new RangeError(`it declares more items than it has bytes`);
    for (let item = Math.abs(count); item > 0 && tap.pos <= tap.buf.length; item -= 1) visit();
  }
}
