import type { Caller } from '../identity/callers.js';

export const SERVICES = [
  'identity',
  'image',
  'compute',
  'network',
  'orchestration',
  'object-store',
  'load-balancer',
  'block-storage',
] as const;

export type ServiceName = (typeof SERVICES)[number];

export interface Call {
  /** Values of the `:names` in the route's path, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  /** Parsed JSON; an empty object where there is none. */
  body: Record<string, unknown>;
  /** What was sent, as it is. Only object storage takes more than JSON. */
  content: Buffer;
}

export interface Reply {
  status: number;
  /** Sent as JSON; a text or bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A route with `open` needs no token; one with `visit` is given whoever comes, and decides itself. */
export type Route = { method: string; path: string } & (
  | { open: (call: Call) => Reply }
  | { handle: (call: Call, caller: Caller) => Reply }
  | { visit: (call: Call, caller: Caller | undefined) => Reply }
);

/** A part of the path, which the route table guarantees to be there. */
export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}
