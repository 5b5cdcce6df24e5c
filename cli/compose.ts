import { createApi } from '../api/app.js';
import { openstackReferences } from '../api/cloud-references.js';
import { createNodeListener } from '../api/node-listener/node-listener.js';
import { ensureNodeAuthority } from '../common/authorities.js';
import type { Config } from '../common/config/schema.js';
import { errorText } from '../common/errors.js';
import { MetricsServer } from '../common/metrics-server.js';
import type { Accounts } from '../conductor/accounts.js';
import { Conductor } from '../conductor/conductor.js';
import { StackObserver } from '../conductor/heat/stack-observer.js';
import type { WorkDeps, WorkSettings } from '../conductor/work.js';
import { DriverRegistry } from '../drivers/registry.js';
import { userDataOf } from '../drivers/user-data/formats.js';
import { validateToken } from '../openstack/identity/tokens.js';
import { clusterTypesOf } from './cluster-types.js';
import { createIdentities, type Identities } from './identities.js';
import { hostOf, type Outside } from './outside.js';

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
  const drivers = new DriverRegistry(config.drivers.disabledDrivers);
  const identities = createIdentities(outside, config);
  const app = composeApi(outside, config, drivers, identities);
  const notify = (operationId: string) => queue.publish({ operationId });
  const nodeListener = createNodeListener({ ...outside, notify }, config.nodeListener);
  const listener = onlyOnce<ListenerAddress>(roles.api ? nodeListener.start : () => announcedListener(outside, config));
  const conductor = composeConductor(outside, config, drivers, identities.accounts, listener);
  const metricsServer = new MetricsServer({ ...config.metrics, registry: metrics.registry, log });
  return {
    async start() {
      if (config.metrics.enabled) await metricsServer.start();
      await queue.start();
      if (roles.conductor) await scheduler.start();
      const nodes = await listener();
      if (roles.conductor) await conductor.start();
      const apiUrl = roles.api ? (await app.start()).url : undefined;
      return { apiUrl, nodeListenerUrl: nodes.url, nodeListenerPort: nodes.port };
    },
    async stop() {
      if (roles.api) await app.stop();
      if (roles.conductor) {
        await conductor.stop();
        await scheduler.stop();
      }
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
      clusterTypes: clusterTypesOf(drivers),
      references: openstackReferences({ clock: outside.clock, ...identities }),
      validateToken: (ctx, token) => validateToken(identities.serviceSession, ctx, token),
      findTrusteeDomain: () => identities.accounts.domainId({}),
    },
    config,
  );
}

function composeConductor(
  outside: Outside,
  config: Config,
  drivers: DriverRegistry,
  accounts: Accounts,
  listener: WorkDeps['listener'],
): Conductor {
  const { clock, ids, log, scheduler } = outside;
  const work: WorkDeps = {
    ...outside,
    accounts,
    listener,
    stacks: new StackObserver({ clock }),
    wake: (operationId, atMs) =>
      scheduler
        .wakeAt(operationId, atMs)
        .catch((error: unknown) => log.warn({ reason: errorText(error) }, 'Wake-up not set; the sweep will find it')),
    userData: cachedUserData(),
    settings: workSettings(config),
  };
  return new Conductor(
    { ...outside, work, drivers, observer: observerOf(outside) },
    {
      host: hostOf(config),
      owner: ids.uuid(),
      leaseMs: config.conductor.leaseSeconds * 1000,
      sweepMs: config.conductor.sweepSeconds * 1000,
      concurrency: config.conductor.concurrency,
    },
  );
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

/** The scripts do not change while the program runs. */
function cachedUserData(): WorkDeps['userData'] {
  const rendered = new Map<string, string>();
  return (driver, distro) => {
    const key = `${driver} ${distro}`;
    const known = rendered.get(key) ?? userDataOf(driver, distro);
    rendered.set(key, known);
    return known;
  };
}

function workSettings(config: Config): WorkSettings {
  return {
    pollMs: config.conductor.pollSeconds * 1000,
    callTimeoutMs: config.conductor.callTimeoutSeconds * 1000,
    heartbeatMs: config.nodeListener.heartbeatSeconds * 1000,
    drainTimeoutMs: config.clusterHeat.drainTimeout * 60_000,
    certificateDays: config.x509.termOfValidity,
    maxServersPerStack: config.clusterHeat.maxServersPerStack,
    maxBlockedMs: config.conductor.blockedHours * 3_600_000,
    historyMs: config.conductor.historyDays * 86_400_000,
  };
}

function observerOf({ metrics }: Outside) {
  return {
    phaseEnded: (kind: string, phase: string, durationMs: number) =>
      metrics.operationPhaseSeconds.observe({ kind, phase, outcome: 'done' }, durationMs / 1000),
    operationEnded: (kind: string, outcome: string, reason: string) =>
      metrics.operations.inc({ kind, outcome, reason }),
    leaseLost: () => metrics.leaseLosses.inc(),
    swept: (found: number) => metrics.sweepFinds.inc(found),
  };
}
