/** The OpenAPI 3.1 document of the command API, made of what validates, routes and answers. */
import { type CommandType, commandTypes } from '../../schemas/catalogue.ts';
import { scopeOf } from '../keys/scopes.ts';
import { bulkExample, examples, statusExample } from './examples.ts';
import { accepted, notModified, problemResponses, singleResponses } from './openapi-responses.ts';
import { ref, schemas } from './openapi-schemas.ts';
import { BULK_PATH, singlePaths } from './routes.ts';

const summaries: Record<CommandType, string> = {
  RecordSale: 'Record a sale',
  RecordReturn: 'Record a return of goods whose sale is not known',
  RefundSale: 'Refund a sale: whole, by line or by amount',
  VoidSale: 'Void a sale that was a mistake',
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'The command id, as bare text or as a quoted string (RFC 8941). Instead of `commandId` in the body, or equal to it.',
  schema: { type: 'string', pattern: '^(?:[!#-~](?:[ -~]*[!-~])?|"(?:[ !#-\\[\\]-~]|\\\\["\\\\])+")$' },
};

/** `keysRequired`: whether requests without an API key are refused. */
export function openApiDocument(keysRequired: boolean) {
  const secured = (...scopes: string[]) => [...(keysRequired ? [] : [{}]), { apiKey: scopes }];
  return {
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
      ...Object.fromEntries(
        commandTypes.map((type) => [singlePaths[type], { post: single(type, secured(scopeOf[type])) }]),
      ),
      [BULK_PATH]: { post: bulk(secured()) },
      [`${BULK_PATH}/{commandId}`]: { get: status(secured('commands:read')) },
      '/health': { get: health() },
    },
    components: {
      schemas,
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, made by `bin/sales keys create`. Operations name the scope that it needs.',
        },
      },
    },
  };
}

function single(type: CommandType, security: object[]) {
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
    responses: singleResponses,
  };
}

function bulk(security: object[]) {
  return {
    operationId: 'sendCommands',
    tags: ['Commands'],
    summary: 'Send many commands of all types, one a line',
    description:
      'Newline-delimited JSON in and out: each line is a command with its `type` (schema Command), each line of the ' +
      'answer its outcome (schema LineResult), in the same order. Both stream. A line that is wrong spoils no other. ' +
      '`Idempotency-Key` is refused here, since it names one command: give each line its own `commandId`. ' +
      'A stream may be idle for five minutes; an empty line now and then keeps it open. ' +
      'An API key needs the scope of each command.',
    security,
    requestBody: {
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
      ...problemResponses(400, 401, 403, 406, 415, 500, 503),
    },
  };
}

function status(security: object[]) {
  return {
    operationId: 'getOutcome',
    tags: ['Outcomes'],
    summary: 'Ask for the outcome of a command',
    description:
      'What is kept under a command id; follows the log by about 100 ms. Not kept are the ids of commands that only ' +
      'repeat what was accepted before, and of those refused under an id that was accepted: sent again, these are told ' +
      'their own outcome.',
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
      304: notModified,
      ...problemResponses(400, 401, 403, 404, 406, 500, 503),
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
      304: notModified,
    },
  };
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
