import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import axios from 'axios';
import { type Clock, systemClock } from '../common/clock.js';
import { errorText } from '../common/errors.js';
import { currentContext } from '../common/request-context.js';

/** Types as the service catalog names them. */
export type ServiceType =
  | 'identity'
  | 'image'
  | 'compute'
  | 'network'
  | 'orchestration'
  | 'object-store'
  | 'load-balancer'
  | 'block-storage';

export interface TransportRequest {
  service: ServiceType;
  method: string;
  /** Absolute, with its query. */
  url: string;
  headers: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  upload?: Upload | undefined;
  /** From the first byte out to the last byte in. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Bytes that need not fit into memory. */
export interface Upload {
  /** From the first byte, at each attempt. */
  open(): Readable;
  sizeBytes: number;
}

export interface TransportResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Parsed JSON, the text where it is not JSON, undefined where there is none. */
  body: unknown;
}

/**
 * One HTTP exchange; every call to an OpenStack service goes through one of these. Any status
 * resolves, redirects too.
 * @throws ConnectionError when there was no answer. Whether the call took effect is then unknown.
 */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** No answer came: refused, cut, timed out, aborted, or longer than we read. */
export class ConnectionError extends Error {
  /** Such as ECONNREFUSED, ECONNRESET, ETIMEDOUT. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConnectionError';
    this.code = code;
  }
}

/** How a server is known, and known to it. */
export interface TlsFiles {
  /** Certificates that sign the endpoints, PEM; in place of the system's. */
  cafile?: string | undefined;
  /** Client certificate and its key, PEM. */
  certfile?: string | undefined;
  keyfile?: string | undefined;
  /** Do not check certificates. */
  insecure?: boolean | undefined;
}

export interface TransportOptions extends TlsFiles {
  /** Services, by type, that differ. */
  services?: Readonly<Record<string, TlsFiles>>;
  /** Runs the timeouts. A test with a fake clock leaves it out: sockets live in real time. */
  clock?: Clock;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_SOCKETS_PER_HOST = 64;

export function createTransport(options: TransportOptions = {}): Transport {
  const clock = options.clock ?? systemClock;
  const keepAlive = { keepAlive: true, maxSockets: MAX_SOCKETS_PER_HOST };
  const agentWith = (files: TlsFiles) => new HttpsAgent({ ...keepAlive, ...tlsOptions(files) });
  const agent = agentWith(options);
  const agents = new Map(Object.entries(options.services ?? {}).map(([type, files]) => [type, agentWith(files)]));
  const client = axios.create({
    httpAgent: new HttpAgent(keepAlive),
    proxy: false,
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    maxBodyLength: MAX_ANSWER_BYTES,
    validateStatus: () => true,
    responseType: 'text',
    transformRequest: (data: unknown) => data,
    transformResponse: (data: unknown) => data,
  });

  return async (request) => {
    const timeout = new AbortController();
    const cancelTimeout = clock.after(request.timeoutMs, () => timeout.abort());
    try {
      const answer = await client.request<string>({
        method: request.method,
        url: request.url,
        httpsAgent: agents.get(request.service) ?? agent,
        headers: outgoingHeaders(request),
        ...outgoingData(request),
        signal: request.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, request.signal]),
      });
      return { status: answer.status, headers: textHeaders(answer.headers), body: parseBody(answer.data) };
    } catch (error) {
      if (timeout.signal.aborted) {
        throw new ConnectionError('ETIMEDOUT', `no answer within ${request.timeoutMs} ms`, error);
      }
      const code = axios.isAxiosError(error) ? (error.code ?? 'EUNKNOWN') : 'EUNKNOWN';
      throw new ConnectionError(code, errorText(error) || code, error);
    } finally {
      cancelTimeout();
    }
  };
}

function tlsOptions({ cafile, certfile, keyfile, insecure }: TlsFiles) {
  return {
    rejectUnauthorized: insecure !== true,
    ...(cafile === undefined ? {} : { ca: readFileSync(cafile) }),
    ...(certfile === undefined ? {} : { cert: readFileSync(certfile) }),
    ...(keyfile === undefined ? {} : { key: readFileSync(keyfile) }),
  };
}

/** A stream is not told by its length until all of it is sent: its own bound is its size. */
function outgoingData({ body, upload }: TransportRequest) {
  if (upload !== undefined) return { data: upload.open(), maxBodyLength: upload.sizeBytes };
  return { data: body === undefined ? undefined : JSON.stringify(body) };
}

function outgoingHeaders(request: TransportRequest): Record<string, string> {
  const { requestId } = currentContext();
  return {
    Accept: 'application/json',
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(request.upload === undefined ? {} : { 'Content-Length': String(request.upload.sizeBytes) }),
    ...(requestId === undefined ? {} : { 'X-Openstack-Request-Id': requestId }),
    ...request.headers,
  };
}

function textHeaders(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function parseBody(text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text; // proxies and Glance answer in HTML
  }
}
