import type { Clock } from '../common/clock.js';
import type { Config } from '../common/config/schema.js';
import type { Database } from '../common/db/database.js';
import type { Ids } from '../common/ids.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import type { Queue } from '../common/queue/queue.js';
import type { Sealer } from '../common/sealing.js';
import type { CallContext } from '../openstack/session.js';
import type { CatalogService, OptionalService, TokenInfo } from '../openstack/token.js';
import type { AccountTrusts } from './account-trusts.js';
import type { CloudLimits } from './cloud-limits.js';
import type { CloudReferences } from './cloud-references.js';
import type { ClusterTypes } from './cluster-types.js';
import type { Policy } from './policy.js';

/** What the API needs from outside. */
export interface ApiDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  log: Log;
  sealer: Sealer;
  queue: Pick<Queue, 'publish' | 'isConnected'>;
  clusterTypes: ClusterTypes;
  references: CloudReferences;
  limits: CloudLimits;
  trusts: AccountTrusts;
  /** Asks Keystone in the service's name; undefined when it does not know the token. */
  validateToken(ctx: CallContext, token: string): Promise<TokenInfo | undefined>;
  /** Whether the service is where the configuration has Bayou, and nodes, look for it. */
  offers(catalog: CatalogService[], service: OptionalService): boolean;
  /** Id of the domain of the clusters' accounts; undefined where there is none. Asked once per token. */
  findTrusteeDomain(): Promise<string | undefined>;
  metrics?: Pick<Metrics, 'apiRequestSeconds'> | undefined;
}

/** What handlers get: the dependencies and what the API makes of its configuration at the start. */
export interface Api extends ApiDeps {
  config: Config;
  policy: Policy;
}
