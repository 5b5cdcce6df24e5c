import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ServiceError } from '../../common/errors.js';

/** The request's JSON; undefined without a body. Reads no more than `maxBytes`. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === '') return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(type)) {
    throw new ServiceError('media_type', 'The body must be application/json');
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('invalid', 'The body is not JSON', { cause });
  }
}

function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(new ServiceError('too_large', `The body is larger than ${maxBytes} bytes`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', (cause) => reject(new ServiceError('invalid', 'The body broke off', { cause })));
  });
}

/** Names of steps, profiles, secrets, authorities. */
export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/);

/**
 * The body as the schema has it. Fields that it does not know are left out: a node made by a newer or older version
 * may send more.
 * @throws ServiceError `invalid` that names the field.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
  throw new ServiceError('invalid', `${field}: ${issue?.message ?? 'is not right'}`, { field });
}
