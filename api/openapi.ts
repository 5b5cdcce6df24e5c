import { z } from 'zod';
import type { FileAnswer } from './answers.js';
import { patchBody } from './json-patch.js';
import { MIN_MINOR } from './microversion.js';
import { refusalAnswer } from './middleware/refusal.js';
import type { AnyRoute } from './route.js';
import { needsBody } from './validation.js';

/** JSON Schema of 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Record<string, unknown>;

export interface Operation {
  operationId: string;
  tags: string[];
  parameters: Parameter[];
  security: Record<string, string[]>[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content } | { $ref: string }>;
  /** First microversion that has it. */
  'x-openstack-min-version'?: string;
  /** The rule of the policy that it is refused by. */
  'x-openstack-policy'?: string;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: JsonSchema;
}

type Content = Record<string, { schema: JsonSchema }>;

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, unknown>;
}

const DESCRIPTION =
  'Container clusters: the API of Magnum (container-infra) and what Bayou adds to it. Numbers and booleans may come as texts, "" and null stand for what is left open.';

const REFUSAL = { $ref: '#/components/responses/Refusal' };

const VERSION_HEADER: Parameter = {
  name: 'OpenStack-API-Version',
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^container-infra (1\\.[0-9]+|latest)$' },
};

/** The API as OpenAPI 3.1: every route of the table, with the schemas by which its requests are judged. */
export function openApiDocument(routes: readonly AnyRoute[], highestVersion: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Bayou', version: highestVersion, description: DESCRIPTION },
    paths,
    components: {
      securitySchemes: { keystone: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } },
      schemas: { Refusal: schemaOf(refusalAnswer, 'output') },
      responses: {
        Refusal: {
          description: 'Refused, or not possible now',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
        },
      },
    },
  };
}

function operationOf(route: AnyRoute): Operation {
  const segments = route.path.split('/').filter((segment) => segment !== '');
  const shared = {
    operationId: [route.method.toLowerCase(), ...segments].join('_').replace(/[^\w]+/g, ''),
    tags: [segments[1] ?? 'discovery'],
    responses: responsesOf(route),
  };
  if (route.isPublic) return { ...shared, parameters: [], security: [] };
  return {
    ...shared,
    parameters: [...pathParameters(route.path), ...queryParameters(route.query), VERSION_HEADER],
    security: [{ keystone: [] }],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body) }),
    'x-openstack-min-version': `1.${Math.max(route.since, MIN_MINOR)}`,
    'x-openstack-policy': route.policy,
  };
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined): Parameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function bodyOf(body: z.ZodType) {
  const schema = schemaOf(body, 'input');
  const types = body === patchBody ? ['application/json-patch+json', 'application/json'] : ['application/json'];
  return { required: needsBody(body), content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

function responsesOf({ answers }: AnyRoute): Operation['responses'] {
  const good = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: DESCRIPTIONS[status] ?? 'Answered',
      ...(schema === null ? {} : { content: contentOf(schema) }),
    },
  ]);
  return { ...Object.fromEntries(good), '4XX': REFUSAL, ...('503' in answers ? {} : { '503': REFUSAL }) };
}

/** Bytes of another kind have no schema: OpenAPI 3.1, "Media Type Object". */
function contentOf(answer: z.ZodType | FileAnswer): Content {
  if ('mediaType' in answer) return { [answer.mediaType]: { schema: {} } };
  return { 'application/json': { schema: schemaOf(answer, 'output') } };
}

const DESCRIPTIONS: Record<string, string> = {
  200: 'What was asked for',
  201: 'Made',
  202: 'Accepted: it is begun',
  204: 'Done',
  503: 'Not possible now',
};

/** What a check in code says more than its type is left out: JSON Schema has no words for it. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as JsonSchema;
}
