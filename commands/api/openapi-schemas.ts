/** The schemas of the OpenAPI document: what validates the commands, and what is answered. */
import type { RejectionCode } from '../../domain/refusal.ts';
import { limits } from '../../domain/violations.ts';
import { commandTypes } from '../../schemas/catalogue.ts';
import { definitions } from './definitions.ts';
import { problemKinds } from './problem.ts';

/** Why a command was refused, as clients are told. */
const refusals: Record<RejectionCode, string> = {
  CONFLICT: 'The id is taken by other content, or the command id by another command of the sale.',
  INVALID: 'The command breaks a rule that does not depend on what happened before.',
  SALE_NOT_FOUND: 'No sale of this id is recorded.',
  SALE_VOIDED: 'Nothing happens to a sale after its void.',
  SALE_REFUNDED: 'A sale is not voided after a refund.',
  MISMATCH: 'A refund names a line that the sale has not, or payments that do not add up to it.',
  TOO_MANY_REFUNDS: 'The sale has as many refunds as one can have.',
  EXCEEDS_PAID: 'More is asked back than is left: of a line, of a payment method, or in all.',
  TOO_LARGE: 'The event would be larger than the log takes.',
  UNREADABLE: 'A record of a Kafka-native producer is no command.',
  MISROUTED: 'A record of a Kafka-native producer has not the key or the partition of the id in its command.',
  DECIDE_FAILED: 'A defect kept it from being decided.',
};

const commandId = {
  type: 'string',
  minLength: 1,
  maxLength: limits.commandIdLength,
  description: 'Names the attempt: one command id has one outcome for ever within its sale or return. Make it unique.',
};
const answered = {
  commandId,
  eventId: { type: 'string', description: 'Names what happened once, e.g. SaleRecorded:S-1001.' },
  position: {
    type: 'string',
    pattern: '^\\d+:\\d+$',
    description: 'partition:offset of the event that says so. Queries can wait until figures include it.',
  },
  repeated: { type: 'boolean', description: 'The log had this outcome already: nothing was added.' },
};
const answeredRequired = Object.keys(answered);

const Accepted = object({ outcome: { const: 'accepted' }, ...answered }, ['outcome', ...answeredRequired]);

const refused = {
  outcome: { const: 'rejected' },
  ...answered,
  code: {
    enum: Object.keys(refusals),
    description: Object.entries(refusals)
      .map(([code, meaning]) => `- \`${code}\`: ${meaning}`)
      .join('\n'),
  },
  detail: { type: 'string', description: 'For a person: what was wrong and what to do.' },
};
const refusedRequired = ['outcome', ...answeredRequired, 'code', 'detail'];

const Rejected = object(refused, refusedRequired);

const problem = {
  title: { type: 'string' },
  status: { type: 'integer', description: 'As the HTTP status.' },
  detail: { type: 'string', description: 'For a person: what was wrong and what to do.' },
  pointer: { type: 'string', description: 'JSON pointer to the bad field.' },
  retryAfter: { type: 'integer', minimum: 0, description: 'Seconds, as the Retry-After header.' },
};
const problemRequired = ['type', 'title', 'status', 'detail'];

const Problem = {
  ...object({ type: { enum: [...problemKinds.keys()] }, ...problem }, problemRequired),
  description: 'RFC 9457 problem details.',
};

const Refusal = {
  ...object({ type: { const: 'rejected' }, ...problem, ...refused }, [
    ...new Set([...problemRequired, ...refusedRequired]),
  ]),
  description: 'A refused command as RFC 9457 problem details.',
};

const Unknown = {
  ...object(
    {
      commandId,
      outcome: { const: 'unknown' },
      detail: { type: 'string' },
      status: {
        type: 'string',
        format: 'uri-reference',
        description: 'Path where to ask what is kept under the command id.',
      },
    },
    ['commandId', 'outcome', 'detail', 'status'],
  ),
  description: 'Not decided in time. Never a failure: it may take effect yet, and sending it again is safe, and tells.',
};

const line = { line: { type: 'integer', minimum: 1, description: 'Number of the line that this answers.' } };

const LineResult = {
  description: 'One line of the answer to POST /commands.',
  oneOf: [
    object({ ...line, ...Accepted.properties }, ['line', ...Accepted.required]),
    object({ ...line, ...Rejected.properties }, ['line', ...Rejected.required]),
    object({ ...line, commandId, outcome: { const: 'unknown' } }, ['line', 'commandId', 'outcome']),
    object({ ...line, error: ref('Problem') }, ['line', 'error']),
  ],
};

/** A line of `POST /commands` names its type besides. */
const Command = {
  description: 'One line of POST /commands.',
  oneOf: commandTypes.map((type) => {
    const { properties, required, ...rest } = definitions[type];
    return { ...rest, properties: { type: { const: type }, ...properties }, required: ['type', ...required] };
  }),
};

export const schemas = { ...definitions, Command, Accepted, Rejected, Refusal, Unknown, LineResult, Problem };

/** A reference to one of {@link schemas}; a test holds that there is one of this name. */
export function ref(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

function object(properties: Record<string, object>, required: string[]) {
  return { type: 'object', properties, required };
}
