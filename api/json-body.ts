import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../common/errors.js';
import { findJsonError } from './json-error.js';

const JSON_TYPES = new Set(['application/json', 'application/json-patch+json']);

/**
 * The body of a request as JSON, undefined when there is none; then its content type does not matter,
 * for clients send bodyless DELETE and PATCH as octet-stream.
 * @throws ServiceError `too_large`, `media_type`, or `invalid` with the place of the error.
 */
export async function readJsonBody(message: IncomingMessage, maxBytes: number): Promise<unknown> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced === 0 && message.headers['transfer-encoding'] === undefined) return undefined;
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const text = await readText(message, maxBytes);
  if (text.trim() === '') return undefined;
  const mediaType = (message.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!JSON_TYPES.has(mediaType)) {
    throw new ServiceError(
      'media_type',
      `The body's content type is ${mediaType === '' ? 'missing' : `"${mediaType}"`}; send application/json.`,
    );
  }
  return parseJson(text);
}

async function readText(message: IncomingMessage, maxBytes: number): Promise<string> {
  const bytes = await readBytes(message, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ServiceError('invalid', 'The body is not UTF-8.', { code: 'body_malformed', cause });
  }
}

/** The rest of a body that is too large is read and dropped: a cut connection would keep the answer from the client. */
function readBytes(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(tooLarge(maxBytes));
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('close', () => reject(new ServiceError('invalid', 'The body ended too early.')));
    message.on('error', reject);
  });
}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError('too_large', `The body is larger than ${maxBytes} bytes.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('invalid', `The body is no JSON: ${placeOfError(text)}.`, {
      code: 'body_malformed',
      cause,
    });
  }
}

/** People look for lines. */
function placeOfError(text: string): string {
  const position = findJsonError(text);
  const before = text.slice(0, position).split('\n');
  const what = position >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(text[position])}`;
  return `${what} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
