import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorText } from '../../../common/errors.js';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import type { CallFault } from '../control/faults.js';
import { refuseByRules } from '../identity/access-rules.js';
import { authenticate } from '../identity/callers.js';
import { errorBody } from './error-bodies.js';
import type { Call, Reply, ServiceName } from './route.js';
import type { Router } from './router.js';

export interface ListenerDeps {
  cloud: Cloud;
  services: Map<ServiceName, Router>;
  control: Router;
}

/** Heat's `max_json_body_size`; the others get the same. */
const MAX_BODY_BYTES = 1_048_576;
/** Objects are kept in memory: enough for what tests put there. */
const MAX_OBJECT_BYTES = 64 * 1_048_576;

/** The cloud's one HTTP server; the first part of the path is the service. */
export function createListener(deps: ListenerDeps): Server {
  return createServer((request, response) => {
    serve(deps, request, response).catch((error: unknown) => {
      deps.cloud.log.error({ err: error }, 'The development cloud failed at a request');
      response.destroy();
    });
  });
}

async function serve(deps: ListenerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://cloud');
  const [, prefix = '', path = ''] = /^\/([^/]*)(.*)$/.exec(url.pathname) ?? [];
  const isObjectStore = prefix === 'object-store';
  const content = await readContent(request, isObjectStore ? MAX_OBJECT_BYTES : MAX_BODY_BYTES);
  const asked = { path, url, request, content, isJson: !isObjectStore };
  const method = request.method ?? 'GET';
  if (prefix === '_control') {
    send(response, answer(deps.cloud, 'identity', deps.control, { method, ...asked }));
    return;
  }
  const service = prefix as ServiceName;
  const router = deps.services.get(service);
  if (router === undefined) {
    send(response, { status: 404, body: { error: { code: 404, message: `There is no service at /${prefix}.` } } });
    return;
  }
  const fault = deps.cloud.faults.takeCallFault(service, method, path + url.search);
  await deps.cloud.clock.sleep(deps.cloud.faults.latencyMs + (fault?.delayMs ?? 0));
  if (fault?.action === 'hang') return;
  if (fault?.action === 'cut') {
    response.destroy();
    return;
  }
  const reply = orderedReply(fault) ?? answer(deps.cloud, service, router, { method, ...asked });
  if (fault?.action === 'cutAfter') {
    response.destroy();
    return;
  }
  const requestId = `req-${deps.cloud.ids.uuid()}`;
  const ids: Record<string, string> = { 'X-Openstack-Request-Id': requestId };
  if (service === 'compute') ids['X-Compute-Request-Id'] = requestId;
  send(response, { ...reply, headers: { ...ids, ...reply.headers } }, method === 'HEAD');
}

function orderedReply(fault: CallFault | undefined): Reply | undefined {
  if (typeof fault?.action !== 'object') return undefined;
  const { status, body, headers } = fault.action;
  return { status, body, ...(headers === undefined ? {} : { headers }) };
}

interface Request {
  method: string;
  path: string;
  url: URL;
  request: IncomingMessage;
  /** Undefined when it was too long. */
  content: Buffer | undefined;
  isJson: boolean;
}

/** The route's reply, or the error in the service's own shape. */
function answer(cloud: Cloud, service: ServiceName, router: Router, request: Request): Reply {
  try {
    return route(cloud, service, router, request);
  } catch (error) {
    const refusal = error instanceof CloudError ? error : new CloudError(500, errorText(error), 'InternalError');
    if (refusal !== error) cloud.log.error({ err: error }, 'The development cloud failed at a request');
    const challenge = { 'WWW-Authenticate': `Keystone uri="${cloud.url}/identity"` };
    return {
      status: refusal.status,
      body: errorBody(service, refusal),
      ...(refusal.status === 401 ? { headers: challenge } : {}),
    };
  }
}

/** @throws CloudError for all that the request has wrong */
function route(cloud: Cloud, service: ServiceName, router: Router, asked: Request): Reply {
  const { method, path, url, request, content, isJson } = asked;
  const match = router.match(method, path);
  if (match === undefined) throw new CloudError(404, 'The resource could not be found.');
  if (match === 'wrong verb') throw new CloudError(405, 'The method is not allowed for this resource.');
  if (content === undefined) {
    if (!isJson) throw new CloudError(413, 'The body of your request was too large for this server.');
    const message = `JSON body size exceeds maximum allowed size (${MAX_BODY_BYTES} bytes).`;
    throw new CloudError(400, `Request limit exceeded: ${message}`, 'RequestLimitExceeded');
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]));
  const call: Call = { params: match.params, query: url.searchParams, headers, body: {}, content };
  const parsed = (): Call => ({ ...call, body: isJson ? parseBody(content.toString('utf8')) : {} });
  if ('open' in match.route) return match.route.open(parsed());
  const token = headers['x-auth-token'];
  if ('visit' in match.route) {
    return match.route.visit(parsed(), token === undefined ? undefined : authenticate(cloud, token));
  }
  const caller = authenticate(cloud, token);
  refuseByRules(cloud, caller, { service, method, path });
  return match.route.handle(parsed(), caller);
}

function parseBody(text: string): Record<string, unknown> {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CloudError(400, `The request body is no JSON: ${errorText(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CloudError(400, 'The request body is no JSON object.');
}

/** Undefined when it is too long; the rest is read and thrown away, so that the answer arrives. */
async function readContent(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks);
}

/** An answer to HEAD has the headers of GET's, and no more. */
function send(response: ServerResponse, { status, body, headers }: Reply, isHead = false): void {
  const content = contentOf(body);
  response.writeHead(status, {
    ...(content.length === 0 ? {} : { 'Content-Type': contentType(body) }),
    'Content-Length': content.length,
    ...headers,
  });
  response.end(isHead ? undefined : content);
}

function contentOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function contentType(body: unknown): string {
  if (Buffer.isBuffer(body)) return 'application/octet-stream';
  return typeof body === 'string' ? 'text/html; charset=UTF-8' : 'application/json';
}
