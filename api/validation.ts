import type { z } from 'zod';
import { ServiceError } from '../common/errors.js';
import type { Problem } from './cluster-types.js';

/** At most this many problems are named in one answer. */
const MAX_PROBLEMS = 20;

/** A finding that has a code of its own. */
export interface Finding extends Problem {
  code?: string;
}

/** Upstream answers a few with 409, as a conflict. */
export type Refusal = 'invalid' | 'conflict' | 'forbidden';

/** Refuses with all problems at once, or does nothing when there are none. */
export function refuse(problems: readonly Finding[], kind: Refusal = 'invalid'): void {
  const [first] = problems;
  if (first === undefined) return;
  const named = problems.slice(0, MAX_PROBLEMS).map(({ field, message }) => {
    const clause = message.replace(/\.$/, '');
    return field === '' ? clause : `${field}: ${clause}`;
  });
  throw new ServiceError(kind, `${named.join('; ')}.`, {
    field: first.field,
    ...(first.code === undefined ? {} : { code: first.code }),
  });
}

/** What upstream's services refuse with another status than 400, when nothing else is wrong. */
const REFUSALS: Record<string, Refusal> = { quota_exceeded: 'forbidden', address_exhausted: 'conflict' };

/** Refuses an order with all problems at once, with the status of the worst. */
export function refuseOrder(problems: readonly Finding[]): void {
  const kinds = new Set(problems.map(({ code = '' }): Refusal => REFUSALS[code] ?? 'invalid'));
  const worst = (['invalid', 'conflict', 'forbidden'] as const).find((kind) => kinds.has(kind));
  refuse(problems, worst);
}

/** @throws ServiceError of `kind` that names every field at fault. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, kind: Refusal = 'invalid'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  refuse(parsed.error.issues.flatMap(describeIssue), kind);
  throw new ServiceError('invalid', 'The request is not valid.');
}

function describeIssue(issue: z.core.$ZodIssue): Problem[] {
  const field = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [{ field, message: issue.message }];
  return issue.keys.map((key) => ({
    field: field === '' ? key : `${field}.${key}`,
    message: 'unknown or read-only attribute',
  }));
}

/** A route without a schema takes no body; upstream's clients send none. */
export function parseBody<T>(schema: z.ZodType<T> | undefined, body: unknown): T {
  if (schema !== undefined) {
    if (body === undefined && needsBody(schema)) {
      throw new ServiceError('invalid', 'The request has no body.', { code: 'body_missing' });
    }
    return parse(schema, body);
  }
  if (body !== undefined) throw new ServiceError('invalid', 'This request takes no body.', { code: 'body_unexpected' });
  return undefined as T;
}

/** A schema that takes nothing is one of a body that may be left out. */
export function needsBody(schema: z.ZodType): boolean {
  return !schema.safeParse(undefined).success;
}

export function parseQuery<T>(schema: z.ZodType<T> | undefined, search: string): T {
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(values, name)) refuse([{ field: name, message: 'given more than once' }]);
    Object.defineProperty(values, name, { value, enumerable: true });
  }
  if (schema !== undefined) return parse(schema, values);
  refuse(Object.keys(values).map((field) => ({ field, message: 'unknown argument' })));
  return undefined as T;
}
