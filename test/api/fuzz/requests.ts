import fc from 'fast-check';
import type { JsonSchema, OpenApiDocument, Operation } from '../../../api/openapi.js';
import { BROKEN_BODIES, hostileText, hostileValue, MEDIA_TYPES, VERSIONS } from './hostile.js';

/** A request as it goes out. */
export interface FuzzRequest {
  method: string;
  /** Encoded, with its query. */
  target: string;
  who: string;
  headers: Record<string, string>;
  body: string | Buffer | undefined;
}

/** Right values by the name of a field or parameter, so that hostile ones beside them come far. */
export type KnownValues = Readonly<Record<string, readonly unknown[]>>;

export interface FuzzOptions {
  document: OpenApiDocument;
  known: KnownValues;
  who: readonly string[];
}

interface Place {
  path: string;
  method: string;
  operation: Operation;
}

/** Requests to every operation of the document, most of them wrong in one place, some in all. */
export function fuzzRequests({ document, known, who }: FuzzOptions): fc.Arbitrary<FuzzRequest> {
  const places = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Place => ({ path, method: method.toUpperCase(), operation })),
  );
  return fc.oneof(...places.map((place) => requestTo(place, known, who)));
}

function requestTo(place: Place, known: KnownValues, who: readonly string[]): fc.Arbitrary<FuzzRequest> {
  const { method, operation } = place;
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return fc
    .record({
      path: pathOf(place, known),
      query: queryOf(operation, known),
      who: fc.constantFrom(...who),
      version: fc.oneof(
        { weight: 8, arbitrary: fc.constant('container-infra 1.14') },
        { weight: 1, arbitrary: fc.constantFrom(...VERSIONS) },
      ),
      mediaType: fc.oneof(
        { weight: 9, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: fc.constantFrom(...MEDIA_TYPES) },
      ),
      body: bodyOf(schema, known),
    })
    .map(({ path, query, who: name, version, mediaType, body }) => ({
      method,
      target: query === '' ? path : `${path}?${query}`,
      who: name,
      headers: {
        'OpenStack-API-Version': version,
        ...(body === undefined ? {} : { 'Content-Type': mediaType, 'Content-Length': String(Buffer.byteLength(body)) }),
      },
      body,
    }));
}

function encoded(text: string): string {
  // Half a surrogate pair has no encoding.
  return encodeURIComponent(Buffer.from(text).toString());
}

const MALFORMED_SEGMENTS = ['%', '%zz', '%ff', '%c0%af', '..', '.', '%2e%2e', 'a%2fb', '%00', ';x', '*'];

/** What deletes finds something seldom, or soon nothing would be left to be hostile to. */
function pathOf({ path, method }: Place, known: KnownValues): fc.Arbitrary<string> {
  const rightWeight = method === 'DELETE' ? 1 : 12;
  const segments = path.split('/').map((segment) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) return fc.constant(segment);
    const right = (known[name] ?? []).map((value) => encoded(String(value)));
    return fc.oneof(
      ...(right.length === 0 ? [] : [{ weight: rightWeight, arbitrary: fc.constantFrom(...right) }]),
      { weight: 3, arbitrary: hostileText.filter((text) => text.length < 10_000).map(encoded) },
      { weight: 1, arbitrary: fc.constantFrom(...MALFORMED_SEGMENTS) },
    );
  });
  return fc.tuple(...segments).map((all) => all.join('/') || '/');
}

const MALFORMED_QUERIES = [
  '&&&',
  '=',
  'limit',
  'limit=%zz',
  'a[b]=c',
  '__proto__=1',
  'limit=1&limit=2',
  '?x',
  '%00=%00',
];

function queryOf(operation: Operation, known: KnownValues): fc.Arbitrary<string> {
  const pairs = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => {
      const right = fc.oneof(rightValue(schema, known, name).map(String), fc.constantFrom('1', 'name', 'true'));
      const wrong = hostileText.filter((text) => text.length < 10_000);
      return fc.option(
        fc.oneof(right, wrong).map((value) => `${name}=${encoded(value)}`),
        { freq: 2 },
      );
    });
  const extra = fc.oneof(
    { weight: 15, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...MALFORMED_QUERIES) },
  );
  return fc.tuple(extra, ...pairs).map((all) => all.filter((pair) => pair !== null).join('&'));
}

function bodyOf(schema: JsonSchema | undefined, known: KnownValues): fc.Arbitrary<string | Buffer | undefined> {
  if (schema === undefined) {
    return fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...BROKEN_BODIES) },
    );
  }
  return fc.oneof(
    { weight: 4, arbitrary: rightValue(schema, known, '').map((value) => JSON.stringify(value)) },
    { weight: 10, arbitrary: mutated(rightValue(schema, known, '')).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...BROKEN_BODIES) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** A right value with up to two hostile ones in it, at any depth. */
function mutated(right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({ at: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }), value: hostileValue });
  return fc
    .tuple(right, fc.array(change, { maxLength: 2 }))
    .map(([value, changes]) => changes.reduce<unknown>((whole, { at, value: bad }) => replaced(whole, at, bad), value));
}

function replaced(whole: unknown, [first, ...deeper]: number[], bad: unknown): unknown {
  if (first === undefined || typeof whole !== 'object' || whole === null) return bad;
  const keys = Object.keys(whole);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return bad;
  const inner = replaced((whole as Record<string, unknown>)[key], deeper, bad);
  if (Array.isArray(whole)) return whole.map((item: unknown, index) => (String(index) === key ? inner : item));
  return { ...whole, [key]: inner };
}

/** Something that the schema takes, and that is there where the field's name is known. */
function rightValue(schema: JsonSchema, known: KnownValues, name: string): fc.Arbitrary<unknown> {
  const right = known[name];
  if (right !== undefined && right.length > 0) return fc.constantFrom(...right);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const alternatives = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (alternatives !== undefined) return fc.oneof(...alternatives.map((each) => rightValue(each, known, name)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, known);
    case 'array':
      return fc.array(rightValue((schema.items as JsonSchema | undefined) ?? {}, known, name), { maxLength: 3 });
    case 'integer':
    case 'number':
      return fc.integer({ min: Number(schema.minimum ?? 0), max: Number(schema.minimum ?? 0) + 4 });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.constantFrom('a', 'web', 'x-1');
    default:
      return fc.constantFrom('a', 1, true, null);
  }
}

function objectOf(schema: JsonSchema, known: KnownValues): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  if (properties.length === 0) {
    return fc.dictionary(fc.constantFrom('kube_tag', 'a', 'availability_zone'), fc.constantFrom('x', '1', 'true'));
  }
  const required = (schema.required ?? []) as string[];
  return fc.record(Object.fromEntries(properties.map(([key, each]) => [key, rightValue(each, known, key)])), {
    requiredKeys: required,
  });
}
