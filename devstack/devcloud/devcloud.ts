import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../common/clock.js';
import type { Ids } from '../../common/ids.js';
import type { Log } from '../../common/log.js';
import type { Cloud, Player } from './cloud.js';
import { ComputeState } from './compute/state.js';
import { Faults } from './control/faults.js';
import { type Inventory, presentKeys, takeInventory } from './control/inventory.js';
import { controlRoutes } from './control/routes.js';
import { createListener } from './http/listener.js';
import { Router } from './http/router.js';
import { serviceRouters } from './http/services.js';
import { IdentityState } from './identity/state.js';
import { LoadBalancingState } from './load-balancing/load-balancers.js';
import { NetworkState } from './network/state.js';
import { OrchestrationState } from './orchestration/state.js';
import { Quotas } from './quotas.js';
import { plantSeed } from './seed.js';
import { TrackedClock } from './tracked-clock.js';

export interface DevelopmentCloudDeps {
  clock: Clock;
  ids: Ids;
  log: Log;
}

export interface DevelopmentCloudOptions {
  /** Loopback: there is no real security here. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** What the catalog says of container-infra; ends in /v1. */
  containerInfraUrl?: string | undefined;
  bootMs: number;
  heatStepMs: number;
  /** Default: twice `bootMs`, since Octavia boots machines of its own. */
  loadBalancerMs?: number | undefined;
  /** Whether there is Octavia. Default: yes. */
  loadBalancers?: boolean | undefined;
  /** Whether there is Swift. Default: yes. */
  objectStore?: boolean | undefined;
  /** Whether there is Cinder. Default: yes. */
  blockStorage?: boolean | undefined;
  /** Default: one hour. */
  tokenLifetimeMs?: number | undefined;
  /** Default: 172.24.4.0/24. */
  publicCidr?: string | undefined;
  /** Plays servers from the moment they are `ACTIVE`. Without one they are just `ACTIVE`. */
  player?: Player | undefined;
}

export interface DevelopmentCloud {
  /** Keystone's address, `http://host:port/identity`. */
  url: string;
  /** The services' state, for tests that look behind the API. */
  state: Cloud;
  faults: Faults;
  quotas: Quotas;
  /** All that was added to the seed. */
  everything(): Inventory;
  /** Stops the players, drops the connections, forgets everything. */
  stop(): Promise<void>;
}

/** Starts a small OpenStack in memory behind real HTTP. */
export async function startDevelopmentCloud(
  deps: DevelopmentCloudDeps,
  options: DevelopmentCloudOptions,
): Promise<DevelopmentCloud> {
  const clock = new TrackedClock(deps.clock);
  const cloud: Cloud = {
    clock,
    ids: deps.ids,
    log: deps.log,
    settings: {
      bootMs: options.bootMs,
      heatStepMs: options.heatStepMs,
      loadBalancerMs: options.loadBalancerMs ?? 2 * options.bootMs,
      loadBalancers: options.loadBalancers ?? true,
      objectStore: options.objectStore ?? true,
      blockStorage: options.blockStorage ?? true,
      tokenLifetimeMs: options.tokenLifetimeMs ?? 3_600_000,
      containerInfraUrl: options.containerInfraUrl,
      publicCidr: options.publicCidr ?? '172.24.4.0/24',
      player: options.player,
    },
    faults: new Faults(),
    quotas: new Quotas(),
    identity: new IdentityState(),
    images: new Map(),
    compute: new ComputeState(),
    network: new NetworkState(),
    loadBalancing: new LoadBalancingState(),
    volumes: new Map(),
    snapshots: new Map(),
    containers: new Map(),
    orchestration: new OrchestrationState(),
    url: '',
  };
  plantSeed(cloud);
  const seeded = presentKeys(cloud);
  const everything = () => takeInventory(cloud, seeded);
  const control = new Router(controlRoutes(cloud, everything));
  const listener = createListener({ cloud, services: serviceRouters(cloud), control });
  listener.listen(options.port, options.host);
  await once(listener, 'listening');
  cloud.url = `http://${options.host}:${(listener.address() as AddressInfo).port}`;
  deps.log.info({ url: cloud.url }, 'Development cloud listens');
  return {
    url: `${cloud.url}/identity`,
    state: cloud,
    faults: cloud.faults,
    quotas: cloud.quotas,
    everything,
    async stop() {
      clock.stop();
      for (const server of cloud.compute.servers.values()) server.playing?.stop();
      const closed = once(listener, 'close');
      listener.close();
      listener.closeAllConnections();
      await closed;
    },
  };
}
