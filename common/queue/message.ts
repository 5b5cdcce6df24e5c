import { z } from 'zod';
import type { OperationMessage } from './queue.js';

const wireMessage = z.object({
  v: z.literal(1),
  operationId: z.string().min(1).max(64),
  requestId: z.string().max(64).optional(),
});

export function encodeMessage(message: OperationMessage): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...message }));
}

/** What another Bayou sent, of this version or an older one; undefined for what can't be understood. */
export function decodeMessage(content: Buffer): OperationMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = wireMessage.safeParse(value);
  if (!parsed.success) return undefined;
  const { operationId, requestId } = parsed.data;
  return requestId === undefined ? { operationId } : { operationId, requestId };
}
