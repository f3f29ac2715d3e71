/** Versions of the processor that are deployed at once: this one, and copies of it in which some text is another. */
import { join } from 'node:path';
import avro, { type Type } from 'avsc';
import { Owner } from '../../commands/processor/owner.ts';
import { createReplier } from '../../commands/processor/reply.ts';
import {
  type Codec,
  createCodec,
  DecodeError,
  type Message,
  RegistryAwayError,
} from '../../platform/registry/codec.ts';
import { PREFIX_BYTES } from '../../schemas/address.ts';
import { catalogue } from '../../schemas/catalogue.ts';
import { type Patch, patchedCopy } from '../support/mutants.ts';

/** One version's modules, as far as the simulation drives them. */
export interface Version {
  Owner: typeof Owner;
  createReplier: typeof createReplier;
  DecodeError: typeof DecodeError;
  RegistryAwayError: typeof RegistryAwayError;
}

export const thisVersion: Version = { Owner, createReplier, DecodeError, RegistryAwayError };

/** Another `decide`: it takes sales of one line only, and what is left over of an allocation goes to the last share. */
const otherDecide: Patch[] = [
  { file: 'domain/violations.ts', search: '  lines: 2000,', replacement: '  lines: 1,' },
  { file: 'domain/allocation.ts', search: 'a.index - b.index', replacement: 'b.index - a.index' },
];

/** Loads a version with another `decide` from a copy of the code in a temporary folder; `remove` when done. */
export async function loadOtherVersion(): Promise<{ version: Version; remove(): void }> {
  const { root, remove } = patchedCopy(otherDecide, ['commands', 'domain', 'platform', 'schemas']);
  const load = (file: string) => import(join(root, file));
  const { Owner } = await load('commands/processor/owner.ts');
  const { createReplier } = await load('commands/processor/reply.ts');
  const { DecodeError, RegistryAwayError } = await load('platform/registry/codec.ts');
  return { version: { Owner, createReplier, DecodeError, RegistryAwayError }, remove };
}

const ids = new Map(catalogue.map(({ type }, index) => [type, index + 1]));
const encoder = createCodec('http://unused', ids);
const readers = new Map<number, { type: string; reader: Type }>(
  catalogue.map(({ type, schema }) => [ids.get(type) ?? 0, { type, reader: avro.Type.forSchema(schema) }]),
);

/** All that a test needs to read or write the logs. Throws on bytes that are no message. */
export const format = {
  encode: encoder.encode,
  decode(value: Buffer | null): Message {
    const found = value && value.length >= PREFIX_BYTES && value[0] === 0 ? readers.get(value.readUInt32BE(1)) : null;
    if (!value || !found) throw new Error('not in Confluent wire format');
    return { type: found.type, data: found.reader.fromBuffer(value.subarray(PREFIX_BYTES)) } as Message;
  },
};

/** The codec of one process. `fetchSchemas` stands for its request to the registry. */
export function codecOf(version: Version, fetchSchemas: () => Promise<void>): Codec {
  let known = false;
  return {
    encode: format.encode,
    async learn() {
      if (!known) await fetchSchemas();
      known = true;
    },
    decode(value) {
      try {
        return format.decode(value);
      } catch (error) {
        throw new version.DecodeError((error as Error).message);
      }
    },
  };
}
