import { getAuthority, signProfile } from './certificates.js';
import { COLLECTED_BODY_BYTES, putCollected } from './collected.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { enrol } from './enrol.js';
import { heartbeat } from './heartbeat.js';
import { getSecret, putSecret } from './secrets.js';
import { reportStep } from './steps.js';

export type Handler = (context: ListenerContext, call: NodeCall) => Promise<Answer>;

interface RouteBase {
  method: 'GET' | 'POST' | 'PUT';
  /** As @koa/router has it; the only parameter is `:name`. */
  path: string;
  /** Where a body may be larger than others. */
  bodyBytes?: number;
}

/** `open` routes are for those without a certificate yet. */
export type Route =
  | (RouteBase & { open: true; handle: (context: ListenerContext, body: unknown) => Promise<Answer> })
  | (RouteBase & { open?: false; handle: Handler });

/** All that a node can ask of Bayou. */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/enrol', open: true, handle: enrol },
  { method: 'POST', path: '/v1/heartbeat', handle: heartbeat },
  { method: 'POST', path: '/v1/steps', handle: reportStep },
  { method: 'POST', path: '/v1/certificates', handle: signProfile },
  { method: 'GET', path: '/v1/authorities/:name', handle: getAuthority },
  { method: 'GET', path: '/v1/secrets/:name', handle: getSecret },
  { method: 'PUT', path: '/v1/secrets/:name', handle: putSecret },
  { method: 'POST', path: '/v1/collected/:name', bodyBytes: COLLECTED_BODY_BYTES, handle: putCollected },
];
