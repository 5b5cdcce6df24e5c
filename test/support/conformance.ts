import { z } from 'zod';
import { type JsonSchema, openApiDocument } from '../../api/openapi.js';
import { Router } from '../../api/router.js';
import { routes } from '../../api/routes.js';

/** The document as clients get it: with nothing in it but JSON. */
const document = JSON.parse(JSON.stringify(openApiDocument(routes, '1.14'))) as ReturnType<typeof openApiDocument>;
const router = new Router(routes);

interface Response {
  content?: Record<string, { schema: JsonSchema }>;
}

const refusal = schemaOf((document.components.schemas as Record<string, JsonSchema>).Refusal ?? {});
const known = new Map<object, z.ZodType>();

function schemaOf(schema: JsonSchema): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
}

/** In what an answer is not as the document at /v1/openapi.json says; empty when it is. */
export function answerProblems(method: string, path: string, status: number, body: unknown): string[] {
  if (status === 503 || (status >= 400 && status < 500)) return method === 'HEAD' ? [] : problemsBy(refusal, body);
  const responses = responsesOf(method, path);
  // A route without any is told by another test.
  if (responses === undefined || Object.keys(responses).every((key) => !key.startsWith('2'))) return [];
  const response = responses[String(status)] as Response | undefined;
  if (response === undefined) return [`the status ${status} is not in the document`];
  const schema = response.content?.['application/json']?.schema;
  const isFile = response.content !== undefined && schema === undefined;
  if (method === 'HEAD' || isFile) return [];
  if (schema === undefined)
    return body === undefined || body === '' ? [] : ['has a body, which is not in the document'];
  const compiled = known.get(schema) ?? schemaOf(schema);
  known.set(schema, compiled);
  return problemsBy(compiled, body);
}

function responsesOf(method: string, path: string): Record<string, unknown> | undefined {
  try {
    const { route } = router.find(method, path.split('?')[0] ?? '');
    return document.paths[route.path]?.[route.method.toLowerCase()]?.responses;
  } catch {
    return undefined;
  }
}

function problemsBy(schema: z.ZodType, body: unknown): string[] {
  const parsed = schema.safeParse(body);
  return parsed.success ? [] : [z.prettifyError(parsed.error)];
}
