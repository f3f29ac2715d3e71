/** The answers of the OpenAPI document, with what they look like. */
import { ref } from './openapi-schemas.ts';
import { problemKinds } from './problem.ts';
import { unknownDetail } from './single.ts';

export const accepted = {
  commandId: 'S-1001',
  outcome: 'accepted',
  eventId: 'SaleRecorded:S-1001',
  position: '3:1042',
  repeated: false,
};
const refused = {
  type: 'rejected',
  title: 'The command was refused',
  status: 409,
  detail: '/country differs from what is recorded under this id; send a correction under a new id',
  commandId: 'S-1001',
  outcome: 'rejected',
  eventId: 'CommandRejected:3:1043',
  position: '3:1044',
  repeated: false,
  code: 'CONFLICT',
};
const unknown = {
  commandId: 'S-1001',
  outcome: 'unknown',
  detail: unknownDetail,
  status: '/commands/S-1001',
};

const retryAfter = { description: 'Seconds after which trying again makes sense.', schema: { type: 'integer' } };

export const notModified = { description: 'For who sends If-None-Match: *.' };

/** How to go on with the command id of an answer. */
const links = {
  outcome: { operationId: 'getOutcome', parameters: { commandId: '$response.body#/commandId' } },
};

/** Of every single command. */
export const singleResponses = {
  200: {
    ...json('Accepted before: the log has it already, and nothing was added.', 'Accepted', {
      ...accepted,
      repeated: true,
    }),
    links,
  },
  201: { ...json('Accepted: it stands in the log.', 'Accepted', accepted), links },
  202: {
    ...json(
      'Not decided in time. Never a failure: it may take effect yet. `Location` tells what is kept under the command ' +
        'id; the same command, sent again, is told its own outcome.',
      'Unknown',
      unknown,
    ),
    headers: {
      Location: { description: 'Path where to ask what is kept under the command id.', schema: { type: 'string' } },
      'Retry-After': retryAfter,
    },
    links,
  },
  409: {
    description: 'Refused, finally for this command id. `code` says why.',
    content: { 'application/problem+json': { schema: ref('Refusal'), example: refused } },
    links,
  },
  ...problemResponses(400, 401, 403, 406, 408, 413, 415, 422, 429, 500, 503),
};

function json(description: string, schema: string, example: object) {
  return { description, content: { 'application/json': { schema: ref(schema), example } } };
}

export function problemResponses(...statuses: number[]) {
  return Object.fromEntries(statuses.map((one) => [one, problemResponse(one)]));
}

/** Every problem of this status that there is where something is. */
function problemResponse(status: number) {
  const kinds = [...problemKinds.values()].filter((kind) => kind.status === status && kind.type !== 'not-found');
  const schema = { allOf: [ref('Problem'), { properties: { type: { enum: kinds.map(({ type }) => type) } } }] };
  return {
    description: `${kinds.map(({ title, type }) => `${title} (\`${type}\`)`).join(', or ')}.`,
    ...(kinds.some((kind) => kind.retryAfter !== undefined) && { headers: { 'Retry-After': retryAfter } }),
    content: {
      'application/problem+json': {
        schema: status === 422 ? { anyOf: [schema, ref('Refusal')] } : schema,
        ...(kinds[0] && { example: { ...kinds[0], detail: 'What was wrong, and what to do.' } }),
      },
    },
  };
}
