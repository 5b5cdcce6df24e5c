import { z } from 'zod';

/**
 * The field types of request bodies and queries, with upstream's coercions: numbers may come as
 * digits, booleans as words, null means that the caller left the field open. Inside it is `undefined`.
 */

/** Columns are signed 32-bit. */
export const MAX_INTEGER = 2_147_483_647;

const TRUE_WORDS = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const FALSE_WORDS = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** Horizon sends "" for what the user left empty. */
function open(value: unknown): unknown {
  return value === null || value === '' ? undefined : value;
}

/** Anything that is no integer comes back as it was, for the schema behind to refuse. */
function toInteger(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : value;
}

function toFlag(value: unknown): unknown {
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'string') return value;
  const word = value.trim().toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : value;
}

/** Half of a surrogate pair: no URL and no database takes it. */
const HALF_CHARACTER = /\p{Cs}/u;

function isUnicode(value: string): boolean {
  return !HALF_CHARACTER.test(value);
}

/** From 1 to `max` characters. */
export function requiredText(max = 255) {
  return z
    .string({ error: ({ input }) => (input === undefined || input === null ? 'missing' : 'must be a text') })
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .refine(isUnicode, 'must be Unicode');
}

export function text(max = 255) {
  return z.preprocess(open, requiredText(max).optional());
}

/** A text of a certain form. */
export function textLike(pattern: RegExp, expected: string, max = 255) {
  return z.preprocess(open, requiredText(max).regex(pattern, `must be ${expected}`).optional());
}

export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, {
    error: ({ input }) => (input === undefined ? 'missing' : `must be one of ${values.join(', ')}`),
  });
}

export function requiredInteger(min: number, max = MAX_INTEGER) {
  return z.preprocess(
    toInteger,
    z
      .int({ error: ({ input }) => (input === undefined ? 'missing' : 'must be a whole number') })
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`),
  );
}

export function integer(min: number, max = MAX_INTEGER) {
  return z.preprocess(open, requiredInteger(min, max).optional());
}

export function flag() {
  const schema = z.boolean({ error: 'must be true or false' }).optional();
  return z.preprocess((value) => toFlag(open(value)), schema);
}

/** What is left open is `value`. */
export function orElse<T>(schema: z.ZodType<T>, value: NoInfer<z.core.util.NoUndefined<T>>) {
  return z.preprocess(open, schema.default(value));
}

const MAX_LABELS = 256;

/** Values are texts, numbers or booleans; all are kept as text, for typed clients decode nothing else. */
export function labels() {
  const value = z.union([z.string().max(65_535).refine(isUnicode), z.number(), z.boolean()], {
    error: 'must be a text, a number or a boolean',
  });
  return z.preprocess(
    open,
    z
      .record(z.string().min(1).max(255), value.transform(String), { error: 'must be an object of names and values' })
      .refine((all) => Object.keys(all).length <= MAX_LABELS, `must be at most ${MAX_LABELS}`)
      .optional(),
  );
}
