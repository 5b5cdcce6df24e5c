import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorText } from '../../../common/errors.js';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import type { CallFault } from '../control/faults.js';
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
  const body = await readBody(request);
  const method = request.method ?? 'GET';
  if (prefix === '_control') {
    send(response, answer(deps.cloud, 'identity', deps.control, { method, path, url, request, body }));
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
  const reply = orderedReply(fault) ?? answer(deps.cloud, service, router, { method, path, url, request, body });
  if (fault?.action === 'cutAfter') {
    response.destroy();
    return;
  }
  const requestId = `req-${deps.cloud.ids.uuid()}`;
  const ids: Record<string, string> = { 'X-Openstack-Request-Id': requestId };
  if (service === 'compute') ids['X-Compute-Request-Id'] = requestId;
  send(response, { ...reply, headers: { ...ids, ...reply.headers } });
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
  body: string | undefined;
}

/** The route's reply, or the error in the service's own shape. */
function answer(cloud: Cloud, service: ServiceName, router: Router, request: Request): Reply {
  try {
    return route(cloud, router, request);
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
function route(cloud: Cloud, router: Router, { method, path, url, request, body }: Request): Reply {
  const match = router.match(method, path);
  if (match === undefined) throw new CloudError(404, 'The resource could not be found.');
  if (match === 'wrong verb') throw new CloudError(405, 'The method is not allowed for this resource.');
  if (body === undefined) {
    const message = `JSON body size exceeds maximum allowed size (${MAX_BODY_BYTES} bytes).`;
    throw new CloudError(400, `Request limit exceeded: ${message}`, 'RequestLimitExceeded');
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]));
  const call: Call = { params: match.params, query: url.searchParams, headers, body: {} };
  if ('open' in match.route) return match.route.open({ ...call, body: parseBody(body) });
  const caller = authenticate(cloud, headers['x-auth-token']);
  return match.route.handle({ ...call, body: parseBody(body) }, caller);
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
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const isText = typeof body === 'string';
  const text = body === undefined ? '' : isText ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...(text === '' ? {} : { 'Content-Type': isText ? 'text/html; charset=UTF-8' : 'application/json' }),
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
