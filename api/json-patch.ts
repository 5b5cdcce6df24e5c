import { applyPatch, type Operation } from 'fast-json-patch';
import { z } from 'zod';
import { errorText, ServiceError } from '../common/errors.js';
import { parsePythonLiteral } from './python-literal.js';
import { refuse } from './validation.js';

/** What a patch works on: an object as its view shows it. */
export type Document = Record<string, unknown>;

/** Attributes whose new value comes as the text of a Python dict or list. */
const LITERALS = new Set([
  '/labels',
  '/health_status_reason',
  '/node_labels',
  '/node_taints',
  '/member_ids',
  '/properties',
]);

const NEVER_PATCHABLE = ['created_at', 'id', 'links', 'updated_at', 'uuid', 'project_id', 'user_id'];

const MAX_OPERATIONS = 100;

/** Upstream's subset of RFC 6902: three verbs, plain paths, and texts or integers as values. */
export const patchBody = z
  .array(
    z.strictObject({
      op: z.enum(['add', 'replace', 'remove'], { error: 'must be add, replace or remove' }),
      path: z
        .string({ error: 'must be a text' })
        .max(1024)
        .regex(/^(\/[\w-]+)+$/, 'must be a path such as /node_count'),
      value: z
        .union([z.string(), z.int(), z.boolean(), z.null()], { error: 'must be a text or an integer' })
        .optional(),
    }),
    { error: 'must be a list of operations' },
  )
  .max(MAX_OPERATIONS, `must have at most ${MAX_OPERATIONS} operations`);

export type Patch = z.output<typeof patchBody>;

export interface PatchRules {
  /** Attributes that no patch may name, the common ones apart. */
  fixed?: readonly string[];
  /** Attributes that may be changed but not removed. */
  unremovable?: readonly string[];
}

/**
 * The document after the patch; the original is not touched.
 * @throws ServiceError `invalid` that names the path at fault.
 */
export function patched(document: Document, patch: Patch, rules: PatchRules): Document {
  refuse(
    patch
      .flatMap((operation) => problemOf(document, operation, rules))
      .map(({ path, message }) => ({ field: path, message })),
  );
  const operations = patch.map(({ op, path, value }): Operation => {
    if (op === 'remove') return { op, path };
    return { op, path, value: op === 'replace' && LITERALS.has(path) ? literal(path, value) : value };
  });
  try {
    return applyPatch(document, operations, true, false).newDocument;
  } catch (cause) {
    // The library's message has the whole document behind its first line.
    const [line = ''] = errorText(cause).split('\n');
    throw new ServiceError('invalid', `The patch can't be applied: ${line}.`, { code: 'patch_failed', cause });
  }
}

function problemOf(
  document: Document,
  operation: Patch[number],
  rules: PatchRules,
): { path: string; message: string }[] {
  const { op, path, value } = operation;
  const [attribute = '', ...below] = path.slice(1).split('/');
  const problem = (message: string) => [{ path, message }];
  if (NEVER_PATCHABLE.includes(attribute) || rules.fixed?.includes(attribute)) return problem('can not be changed');
  if (!Object.hasOwn(document, attribute)) return problem('there is no such attribute');
  if (op === 'remove') {
    return below.length === 0 && rules.unremovable?.includes(attribute) ? problem('can not be removed') : [];
  }
  if (value === undefined) return problem(`the operation ${op} needs a value`);
  if (op === 'add' && below.length === 0 && document[attribute] !== null) {
    return problem('has a value; use replace instead of add');
  }
  return [];
}

function literal(path: string, value: unknown): unknown {
  if (typeof value !== 'string')
    throw new ServiceError('invalid', `${path}: must be the text of a dict.`, { field: path });
  try {
    return parsePythonLiteral(value);
  } catch (cause) {
    throw new ServiceError('invalid', `${path}: ${errorText(cause)}`, { field: path, cause });
  }
}

/** Top-level attributes that differ. */
export function changedAttributes(before: Document, after: Document): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
