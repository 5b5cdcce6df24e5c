import { openstackTrusts } from '../api/account-trusts.js';
import { createApi } from '../api/app.js';
import { openstackLimits } from '../api/cloud-limits.js';
import { openstackReferences } from '../api/cloud-references.js';
import { createNodeListener } from '../api/node-listener/node-listener.js';
import { ensureNodeAuthority } from '../common/authorities.js';
import type { Config } from '../common/config/schema.js';
import { MetricsServer } from '../common/metrics-server.js';
import type { Conductor } from '../conductor/conductor.js';
import { DriverRegistry } from '../drivers/registry.js';
import { validateToken } from '../openstack/identity/tokens.js';
import { clusterTypesOf } from './cluster-types.js';
import type { ConductorParts } from './compose-conductor.js';
import { createIdentities, type Identities } from './identities.js';
import type { Outside } from './outside.js';
import { catalogOffers } from './service-clients.js';

/** Which parts of the program run in this process. */
export interface Roles {
  api: boolean;
  conductor: boolean;
}

export interface Service {
  start(): Promise<Addresses>;
  /** Takes no more work, ends what is in hand, lets go of everything. In reverse order of the start. */
  stop(): Promise<void>;
}

export interface Addresses {
  /** Undefined in a conductor of its own. */
  apiUrl: string | undefined;
  /** As nodes see it. */
  nodeListenerUrl: string;
  /** Where it really listens; undefined in a conductor of its own. */
  nodeListenerPort: number | undefined;
}

/** Builds the program from its parts; the only place that knows all of them. */
export function composeService(outside: Outside, config: Config, roles: Roles): Service {
  const { log, queue, scheduler, metrics } = outside;
  const drivers = new DriverRegistry({
    disabled: config.drivers.disabledDrivers,
    external: config.drivers.externalDrivers,
    kubernetes: config.kubernetes,
    mesos: config.mesos,
  });
  const identities = createIdentities(outside, config);
  const app = composeApi(outside, config, drivers, identities);
  const notify = (operationId: string) => queue.publish({ operationId });
  const nodeListener = createNodeListener({ ...outside, notify }, config.nodeListener);
  const listener = onlyOnce<ListenerAddress>(roles.api ? nodeListener.start : () => announcedListener(outside, config));
  const parts = { drivers, accounts: identities.accounts, listener };
  const conductor = roles.conductor ? loadConductor(outside, config, parts) : undefined;
  const metricsServer = new MetricsServer({ ...config.metrics, registry: metrics.registry, log });
  return {
    async start() {
      if (config.metrics.enabled) await metricsServer.start();
      await queue.start();
      if (roles.conductor) await scheduler.start();
      const nodes = await listener();
      await conductor?.start();
      const apiUrl = roles.api ? (await app.start()).url : undefined;
      return { apiUrl, nodeListenerUrl: nodes.url, nodeListenerPort: nodes.port };
    },
    async stop() {
      if (roles.api) await app.stop();
      await conductor?.stop();
      if (roles.conductor) await scheduler.stop();
      if (roles.api) await nodeListener.stop();
      await queue.stop();
      if (config.metrics.enabled) await metricsServer.stop();
    },
  };
}

function composeApi(outside: Outside, config: Config, drivers: DriverRegistry, identities: Identities) {
  return createApi(
    {
      ...outside,
      clusterTypes: clusterTypesOf(drivers, config.clusterHeat),
      references: openstackReferences({ clock: outside.clock, ...identities }),
      limits: openstackLimits({ clock: outside.clock, ...identities, ...config.preflight }),
      trusts: openstackTrusts({ ...identities, domainAdmin: identities.accounts.domainAdmin }),
      validateToken: (ctx, token) => validateToken(identities.serviceSession, ctx, token),
      offers: catalogOffers(config),
      findTrusteeDomain: () => identities.accounts.domainId({}),
    },
    config,
  );
}

/** Loaded only where it runs: with the drivers' plans and templates it takes a tenth of an API's memory. */
function loadConductor(outside: Outside, config: Config, parts: ConductorParts): Conductor {
  const { composeConductor } = require('./compose-conductor.js') as typeof import('./compose-conductor.js');
  return composeConductor(outside, config, parts);
}

interface ListenerAddress {
  url: string;
  caPem: string;
  port: number | undefined;
}

/** The first call's answer for all. */
function onlyOnce<T>(call: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= call();
    return answer;
  };
}

/** In a process of its own, a conductor knows the node listener by its configured address. */
async function announcedListener(outside: Outside, config: Config): Promise<ListenerAddress> {
  const { host, port, publicUrl } = config.nodeListener;
  const authority = await ensureNodeAuthority(outside.db, outside);
  return { url: publicUrl ?? `https://${host}:${port}`, caPem: authority.certificatePem, port: undefined };
}
