import type { Clock } from '../../common/clock.js';
import type { Config } from '../../common/config/schema.js';
import type { Database } from '../../common/db/database.js';
import type { Ids } from '../../common/ids.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { Sealer } from '../../common/sealing.js';
import type { Authority } from '../../common/x509.js';
import type { LastSeen } from './last-seen.js';
import type { Limits } from './limits.js';
import type { NodeView, NodeViews } from './node-view.js';

export interface NodeListenerDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  log: Log;
  sealer: Sealer;
  metrics?: Pick<Metrics, 'nodeRequests'>;
  /** Tells a conductor to look at an operation now. May be lost; a rejection is only logged. */
  notify(operationId: string): Promise<void>;
}

export type NodeListenerConfig = Config['nodeListener'];

/** What every handler works with. */
export interface ListenerContext {
  deps: NodeListenerDeps;
  config: NodeListenerConfig;
  /** Signs the certificates of nodes. */
  authority: Authority;
  ticketKey: Buffer;
  views: NodeViews;
  lastSeen: LastSeen;
  limits: Limits;
}

/** A request of a node that has proved who it is. */
export interface NodeCall {
  node: NodeView;
  /** Epoch milliseconds: the end of the certificate it came with. */
  certificateNotAfter: number;
  /** The last part of the path where the route has `:name`. */
  name: string;
  /** Parsed JSON, not checked yet; undefined without a body. */
  body: unknown;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: object;
}
