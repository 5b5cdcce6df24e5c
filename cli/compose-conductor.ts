import { readFileSync } from 'node:fs';
import type { Config } from '../common/config/schema.js';
import { errorText } from '../common/errors.js';
import type { Accounts } from '../conductor/accounts.js';
import { Conductor } from '../conductor/conductor.js';
import { StackObserver } from '../conductor/heat/stack-observer.js';
import { StackWatches } from '../conductor/heat/stack-watches.js';
import type { WorkDeps, WorkSettings } from '../conductor/work.js';
import type { DriverRegistry } from '../drivers/registry.js';
import { userDataOf } from '../drivers/user-data/formats.js';
import { withVersion } from '../openstack/token.js';
import { hostOf, type Outside } from './outside.js';
import { catalogOffers } from './service-clients.js';

export interface ConductorParts {
  drivers: DriverRegistry;
  accounts: Accounts;
  listener: WorkDeps['listener'];
}

export function composeConductor(outside: Outside, config: Config, parts: ConductorParts): Conductor {
  const { clock, ids, log, scheduler } = outside;
  const { drivers, accounts, listener } = parts;
  const settings = workSettings(config);
  const stacks = new StackObserver({ clock });
  const wake = (operationId: string, atMs: number) =>
    scheduler
      .wakeAt(operationId, atMs)
      .catch((error: unknown) => log.warn({ reason: errorText(error) }, 'Wake-up not set; the sweep will find it'));
  const work: WorkDeps = {
    ...outside,
    accounts,
    listener,
    stacks,
    watches: new StackWatches({ ...outside, accounts, stacks, wake }, settings),
    wake,
    offers: catalogOffers(config),
    userData: cachedUserData(),
    settings,
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

/** The scripts do not change while the program runs. */
function cachedUserData(): WorkDeps['userData'] {
  const rendered = new Map<string, string>();
  return (driver, distro) => {
    const key = `${driver.name} ${distro}`;
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
    registry: registrySettings(config),
    diagnostics: {
      isAutomatic: config.diagnostics.automatic,
      ssh: config.diagnostics.ssh,
      keepMs: config.diagnostics.keepDays * 86_400_000,
    },
    credential: {
      roles: config.kubernetes.credentialRoles,
      hasAccessRules: config.kubernetes.credentialAccessRules,
      region: config.keystoneAuthtoken.regionName,
      lifeMs: config.kubernetes.credentialDays * 86_400_000,
    },
  };
}

function registrySettings({ dockerRegistry, drivers, keystoneAuthtoken }: Config): WorkSettings['registry'] {
  const { wwwAuthenticateUri, authUrl = '', regionName } = keystoneAuthtoken;
  const caFile = drivers.openstackCaFile;
  return {
    authUrl: withVersion(wwwAuthenticateUri ?? authUrl, 'identity'),
    caPem: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
    region: dockerRegistry.swiftRegion ?? regionName,
    loginMs: dockerRegistry.loginDays * 86_400_000,
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
