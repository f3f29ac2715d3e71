/**
 * Confluent wire format of all commands and events: magic byte 0, schema id, Avro body. Encoding uses the committed
 * schemas; decoding resolves each writer's schema once and keeps the resolver, since parsing it for every message
 * costs more than forty times the decoding.
 */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import avro, { type Schema, type Type } from 'avsc';
import { PREFIX_BYTES } from '../../schemas/address.ts';
import { type Command, catalogue, type Event, type RecordType } from '../../schemas/catalogue.ts';
import type { SchemaIds } from '../../schemas/registry.ts';
import { boundedCollections } from './bounded-collections.ts';

export type Message = Command | Event;

export interface Codec {
  /** The message in Confluent wire format. Throws when the data does not fit the schema, {@link TooLargeError} too. */
  encode(message: Message): Buffer;
  /** Fetches the writer schemas of these values that are not known yet. Rejects with {@link RegistryAwayError}. */
  learn(values: Iterable<Uint8Array | null>): Promise<void>;
  /** Throws {@link DecodeError} on bytes that are no known message; call {@link Codec.learn} before. */
  decode(value: Buffer | null): Message;
}

/** These bytes can never be decoded: trying again is pointless. */
export class DecodeError extends Error {
  override name = 'DecodeError';
}

/** The registry knows no schema of this id now. It may be registered later. */
export class UnknownSchemaError extends DecodeError {
  override name = 'UnknownSchemaError';
}

/** The registry did not answer: trying again can help. */
export class RegistryAwayError extends Error {
  override name = 'RegistryAwayError';
}

/** A message would take more bytes than its topic takes. */
export class TooLargeError extends RangeError {
  override name = 'TooLargeError';
}

interface Reader {
  type: RecordType;
  reader: Type;
  resolver: unknown;
}

/** How long an unknown schema is not asked for again. */
const UNKNOWN_FOR_MS = 1000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** `ids` are those that registering the catalogue answered (`schemas/registry.ts`). */
export function createCodec(registryUrl: string, ids: SchemaIds): Codec {
  const registry = new SchemaRegistry({ host: registryUrl });
  const types = new Map<string, { type: RecordType; avro: Type }>();
  const readers = new Map<number, Reader | DecodeError>();
  /** When an id that was unknown may be asked for again, ms. */
  const askAgainAt = new Map<number, number>();
  const writers = new Map<RecordType, { avro: Type; id: number }>();
  const scratch = Buffer.alloc(MAX_MESSAGE_BYTES);

  for (const { type, schema } of catalogue) {
    const parsed = parseSchema(schema);
    const id = ids.get(type);
    types.set(`${schema.namespace}.${schema.name}`, { type, avro: parsed });
    if (id !== undefined) writers.set(type, { avro: parsed, id });
  }

  async function learnId(id: number): Promise<void> {
    const writer = await registry.getSchema(id).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw new RegistryAwayError(`schema ${id} could not be fetched: ${error.message}`, { cause: error });
    });
    readers.set(
      id,
      writer ? readerFor(id, writer as unknown as Type) : new UnknownSchemaError(`schema id ${id} is unknown`),
    );
    if (!writer) askAgainAt.set(id, Date.now() + UNKNOWN_FOR_MS);
    else askAgainAt.delete(id);
  }

  function readerFor(id: number, registered: Type): Reader | DecodeError {
    try {
      const writer = parseSchema(JSON.parse(JSON.stringify(registered)));
      const known = types.get(writer.name ?? '');
      if (!known)
        return new DecodeError(`schema ${id} is ${writer.name}, which is no command or event of this version`);
      const resolver = writer.equals(known.avro) ? undefined : known.avro.createResolver(writer);
      return { type: known.type, reader: known.avro, resolver };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new DecodeError(`schema ${id} can't be read by this version: ${reason}`, { cause });
    }
  }

  return {
    encode({ type, data }) {
      const writer = writers.get(type);
      if (!writer) throw new Error(`${type} has no schema id: register the schemas first`);
      const end = writer.avro.encode(data, scratch, PREFIX_BYTES);
      if (end < 0) throw new TooLargeError(`more than ${MAX_MESSAGE_BYTES} bytes`);
      scratch[0] = 0;
      scratch.writeUInt32BE(writer.id, 1);
      return Buffer.from(scratch.subarray(0, end));
    },

    async learn(values) {
      const unknown = new Set<number>();
      for (const value of values) {
        const id = schemaIdOf(value);
        if (id !== undefined && (!readers.has(id) || (askAgainAt.get(id) ?? Infinity) < Date.now())) unknown.add(id);
      }
      await Promise.all([...unknown].map(learnId));
    },

    decode(value) {
      const id = schemaIdOf(value);
      if (!value || id === undefined) throw new DecodeError('the record is not in Confluent wire format');
      const found = readers.get(id);
      if (!found) throw new Error(`schema id ${id} was not learnt before decoding`);
      if (found instanceof DecodeError) throw found;
      try {
        const data = found.reader.fromBuffer(value.subarray(PREFIX_BYTES), found.resolver as never);
        return { type: found.type, data } as Message;
      } catch (error) {
        throw new DecodeError(`the record is no ${found.type}: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

/** Longs and times are plain numbers, and no collection has more items than it has bytes. */
function parseSchema(schema: Schema): Type {
  return avro.Type.forSchema(schema, { logicalTypes: {}, typeHook: boundedCollections });
}

/** The id in the prefix; undefined when the bytes are not in Confluent wire format. */
function schemaIdOf(value: Uint8Array | null): number | undefined {
  if (!value || value.length < PREFIX_BYTES || value[0] !== 0) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

function isNotFound(error: unknown): boolean {
  const { status, message } = error as { status?: number; message?: string };
  return status === 404 || /not found|40403/i.test(message ?? '');
}
