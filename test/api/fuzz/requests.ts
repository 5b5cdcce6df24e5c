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
  /** Where something hostile stands, as `placesOf` names it. */
  hostile: string[];
}

/** A part of a request, and where in it something hostile stands. */
interface Part<T> {
  value: T;
  hostile: string[];
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

/** Everything that a request can say: `POST /v1/clusters body.name`, `GET /v1/clusters query.limit`. */
export function placesOf(document: OpenApiDocument): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters, requestBody }]) => {
      const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
      const item = (schema?.items as JsonSchema | undefined) ?? schema;
      const names = [
        ...parameters.filter((each) => each.in !== 'header').map((each) => `${each.in}.${each.name}`),
        ...Object.keys((item?.properties ?? {}) as object).map((field) => `body.${field}`),
      ];
      return names.map((name) => `${method.toUpperCase()} ${path} ${name}`);
    }),
  );
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
      target: query.value === '' ? path.value : `${path.value}?${query.value}`,
      who: name,
      headers: { 'OpenStack-API-Version': version, ...headersOf(body.value, mediaType) },
      body: body.value,
      hostile: [path, query, body].flatMap((part) => part.hostile).map((name) => `${method} ${place.path} ${name}`),
    }));
}

function headersOf(body: string | Buffer | undefined, mediaType: string): Record<string, string> {
  if (body === undefined) return {};
  return { 'Content-Type': mediaType, 'Content-Length': String(Buffer.byteLength(body)) };
}

const harmless = <T>(value: T): Part<T> => ({ value, hostile: [] });

function joined(parts: Part<string>[], separator: string): Part<string> {
  return {
    value: parts.map(({ value }) => value).join(separator),
    hostile: parts.flatMap(({ hostile }) => hostile),
  };
}

function encoded(text: string): string {
  // Half a surrogate pair has no encoding.
  return encodeURIComponent(Buffer.from(text).toString());
}

const shortHostileText = hostileText.filter((text) => text.length < 10_000);

const MALFORMED_SEGMENTS = ['%', '%zz', '%ff', '%c0%af', '..', '.', '%2e%2e', 'a%2fb', '%00', ';x', '*'];

/** What deletes finds something seldom, or soon nothing would be left to be hostile to. */
function pathOf({ path, method }: Place, known: KnownValues): fc.Arbitrary<Part<string>> {
  const rightWeight = method === 'DELETE' ? 1 : 12;
  const segments = path.split('/').map((segment) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) return fc.constant(harmless(segment));
    const wrong = (value: string): Part<string> => ({ value, hostile: [`path.${name}`] });
    const right = (known[name] ?? []).map((value) => encoded(String(value)));
    return fc.oneof(
      ...(right.length === 0 ? [] : [{ weight: rightWeight, arbitrary: fc.constantFrom(...right).map(harmless) }]),
      { weight: 3, arbitrary: shortHostileText.map(encoded).map(wrong) },
      { weight: 1, arbitrary: fc.constantFrom(...MALFORMED_SEGMENTS).map(wrong) },
    );
  });
  return fc.tuple(...segments).map((all) => joined(all, '/'));
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

function queryOf(operation: Operation, known: KnownValues): fc.Arbitrary<Part<string>> {
  const pairs = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => {
      const right = fc.oneof(rightValue(schema, known, name).map(String), fc.constantFrom('1', 'name', 'true'));
      const pair = (value: string) => `${name}=${encoded(value)}`;
      const wrong = shortHostileText.map(pair).map((value) => ({ value, hostile: [`query.${name}`] }));
      return fc.option(fc.oneof(right.map(pair).map(harmless), wrong), { freq: 2 });
    });
  const extra = fc.oneof(
    { weight: 15, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...MALFORMED_QUERIES).map(harmless) },
  );
  return fc.tuple(extra, ...pairs).map((all) =>
    joined(
      all.filter((pair) => pair !== null),
      '&',
    ),
  );
}

function bodyOf(schema: JsonSchema | undefined, known: KnownValues): fc.Arbitrary<Part<string | Buffer | undefined>> {
  const none = fc.constant(harmless(undefined));
  const broken = fc.constantFrom(...BROKEN_BODIES).map(harmless);
  if (schema === undefined) return fc.oneof({ weight: 9, arbitrary: none }, { weight: 1, arbitrary: broken });
  const right = rightValue(schema, known, '');
  return fc.oneof(
    { weight: 4, arbitrary: right.map((value) => harmless(JSON.stringify(value))) },
    {
      weight: 10,
      arbitrary: mutated(right).map(({ value, hostile }) => ({ value: JSON.stringify(value), hostile })),
    },
    { weight: 1, arbitrary: hostileValue.map((value) => harmless(JSON.stringify(value))) },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: none },
  );
}

/** A right value with up to two hostile ones in it, at any depth. */
function mutated(right: fc.Arbitrary<unknown>): fc.Arbitrary<Part<unknown>> {
  const change = fc.record({ at: fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }), value: hostileValue });
  return fc.tuple(right, fc.array(change, { maxLength: 2 })).map(([whole, changes]) =>
    changes.reduce<Part<unknown>>(
      ({ value, hostile }, { at, value: bad }) => ({
        value: replaced(value, at, bad),
        hostile: [...hostile, ...fieldAt(value, at)],
      }),
      harmless(whole),
    ),
  );
}

/** The field of the body, or of an item of a body that is a list, in which a change at this place stands. */
function fieldAt(whole: unknown, [first = 0, ...deeper]: number[]): string[] {
  if (typeof whole !== 'object' || whole === null) return [];
  const keys = Object.keys(whole);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return [];
  if (!Array.isArray(whole)) return [`body.${key}`];
  return deeper.length === 0 ? [] : fieldAt(whole[Number(key)], deeper);
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
