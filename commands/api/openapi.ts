/** The OpenAPI 3.1 document of the command API, made of what validates, routes and answers. */
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { bulkExample, examples, statusExample } from './examples.ts';
import { ref, schemas } from './openapi-schemas.ts';
import { problemKinds } from './problem.ts';
import { BULK_PATH, singlePaths } from './routes.ts';

const summaries: Record<CommandType, string> = {
  RecordSale: 'Record a sale',
  RecordReturn: 'Record a return of goods whose sale is not known',
  RefundSale: 'Refund a sale: whole, by line or by amount',
  VoidSale: 'Void a sale that was a mistake',
};

const accepted = {
  commandId: 'S-1001',
  outcome: 'accepted',
  eventId: 'SaleRecorded:S-1001',
  position: '3:1042',
  repeated: false,
};
const unknown = {
  commandId: 'S-1001',
  outcome: 'unknown',
  detail: 'Not decided in time: it may take effect yet. Ask at the status path; sending it again is safe.',
  status: '/commands/S-1001',
};

/** In development a request without a key is served as well. */
const security = [{}, { apiKey: [] }];

const retryAfter = { description: 'Seconds after which trying again makes sense.', schema: { type: 'integer' } };

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'The command id, as bare text or as a quoted string. May stand instead of `commandId` in the body, or say the same.',
  schema: { type: 'string', minLength: 1, maxLength: 300, pattern: '^[!-~]+$' },
};

export const openApiDocument = {
  openapi: '3.1.1',
  info: {
    title: 'Sales commands',
    version: '1',
    description: [
      'What happened in the shop, sent as commands; each gets one outcome, which stands in the log.',
      'Sending the same command again never takes effect twice, so after a time-out, a 202, a 429 or a 5xx send it again.',
      'Amounts are whole minor units (cents) of their currency.',
    ].join(' '),
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: [{ name: 'Commands' }, { name: 'Outcomes' }, { name: 'Service' }],
  paths: {
    ...Object.fromEntries(commandTypes.map((type) => [singlePaths[type], { post: single(type) }])),
    [BULK_PATH]: { post: bulk() },
    [`${BULK_PATH}/{commandId}`]: { get: status() },
    '/health': { get: health() },
  },
  components: {
    schemas,
    securitySchemes: {
      apiKey: {
        type: 'http',
        scheme: 'bearer',
        description: 'An API key, made by `bin/sales keys create`. Needed in production.',
      },
    },
  },
};

function single(type: CommandType) {
  return {
    operationId: `${type.charAt(0).toLowerCase()}${type.slice(1)}`,
    tags: ['Commands'],
    summary: summaries[type],
    security,
    parameters: [idempotencyKey],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: ref(type),
          examples: mapValues(examples[type], ({ summary, body }) => ({ summary, value: body })),
        },
      },
    },
    responses: {
      200: json('Accepted before: the log has it already, and nothing was added.', 'Accepted', {
        ...accepted,
        repeated: true,
      }),
      201: json('Accepted: it stands in the log.', 'Accepted', accepted),
      202: {
        ...json('Not decided in time. Never a failure: it may take effect yet.', 'Unknown', unknown),
        headers: {
          Location: { description: 'Path where the outcome is asked for.', schema: { type: 'string' } },
          'Retry-After': retryAfter,
        },
      },
      409: {
        description: 'Refused, finally for this command id. `code` says why.',
        content: { 'application/problem+json': { schema: ref('Refusal') } },
      },
      ...problemResponses(400, 401, 403, 406, 413, 415, 422, 429, 500, 503),
    },
  };
}

function bulk() {
  return {
    operationId: 'sendCommands',
    tags: ['Commands'],
    summary: 'Send many commands of all types, one a line',
    description:
      'Newline-delimited JSON in and out: each line is a command with its `type` (schema Command), each line of the ' +
      'answer its outcome (schema LineResult), in the same order. Both stream. A line that is wrong spoils no other.',
    security,
    requestBody: {
      required: true,
      content: {
        'application/x-ndjson': {
          schema: { type: 'string' },
          'x-itemSchema': ref('Command'),
          example: bulkExample,
        },
      },
    },
    responses: {
      200: {
        description: 'One outcome a line, accepted or not.',
        content: { 'application/x-ndjson': { schema: { type: 'string' }, 'x-itemSchema': ref('LineResult') } },
      },
      ...problemResponses(401, 403, 406, 415, 429, 500, 503),
    },
  };
}

function status() {
  return {
    operationId: 'getOutcome',
    tags: ['Outcomes'],
    summary: 'Ask for the outcome of a command',
    description: 'Follows the log by about 100 ms.',
    security,
    parameters: [
      {
        name: 'commandId',
        in: 'path',
        required: true,
        description: 'Percent-encoded.',
        schema: { ...schemas.Accepted.properties.commandId, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' },
        example: statusExample,
      },
    ],
    responses: {
      200: {
        description: 'What the log says: accepted or rejected.',
        content: { 'application/json': { schema: { oneOf: [ref('Accepted'), ref('Rejected')] }, example: accepted } },
      },
      ...problemResponses(400, 401, 403, 404, 406, 429, 500, 503),
    },
  };
}

function health() {
  return {
    operationId: 'getHealth',
    tags: ['Service'],
    summary: 'Whether the command API takes commands',
    responses: {
      200: {
        description: 'It does.',
        content: {
          'application/json': {
            schema: { type: 'object', properties: { status: { const: 'ready' } }, required: ['status'] },
          },
        },
      },
    },
  };
}

function json(description: string, schema: string, example: object) {
  return { description, content: { 'application/json': { schema: ref(schema), example } } };
}

function problemResponses(...statuses: number[]) {
  return Object.fromEntries(statuses.map((one) => [one, problemResponse(one)]));
}

/** Every problem of this status that there is. */
function problemResponse(status: number) {
  const kinds = [...problemKinds.values()].filter((kind) => kind.status === status);
  const schema = { allOf: [ref('Problem'), { properties: { type: { enum: kinds.map(({ type }) => type) } } }] };
  return {
    description: `${kinds.map(({ title, type }) => `${title} (\`${type}\`)`).join(', or ')}.`,
    ...(kinds.some((kind) => kind.retryAfter !== undefined) && { headers: { 'Retry-After': retryAfter } }),
    content: {
      'application/problem+json': {
        schema: status === 422 ? { anyOf: [schema, ref('Refusal')] } : schema,
      },
    },
  };
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
