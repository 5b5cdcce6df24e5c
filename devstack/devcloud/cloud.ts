import type { Clock } from '../../common/clock.js';
import type { Ids } from '../../common/ids.js';
import type { Log } from '../../common/log.js';
import type { Snapshot, Volume } from './block-storage/volumes.js';
import type { ComputeState } from './compute/state.js';
import type { Faults } from './control/faults.js';
import type { IdentityState } from './identity/state.js';
import type { Image } from './image/images.js';
import type { LoadBalancingState } from './load-balancing/load-balancers.js';
import type { NetworkState } from './network/state.js';
import type { Container } from './object-storage/containers.js';
import type { OrchestrationState } from './orchestration/state.js';
import type { Quotas } from './quotas.js';

/** What a player gets of a server that has booted. */
export interface PlayedServer {
  id: string;
  name: string;
  projectId: string;
  /** As the node would read it: no longer base64. */
  userData: string;
  /** As Nova's metadata service says it at this moment. */
  metadata(): Promise<Record<string, string>>;
  /** Fixed addresses, in the order of the server's networks. */
  addresses: string[];
}

export interface Playing {
  stop(): void;
  consoleLog?(): string;
}

/** Plays the machine that a server would be. */
export type Player = (server: PlayedServer) => Playing;

export interface CloudSettings {
  /** From Nova's acceptance of a server to `ACTIVE`; the player starts then. */
  bootMs: number;
  /** How long Heat takes for one step of a stack: to look at what it waits for, to begin what is ready. */
  heatStepMs: number;
  /** From Octavia's acceptance of a load balancer to `ACTIVE`. */
  loadBalancerMs: number;
  /** Whether the catalog has Octavia. */
  loadBalancers: boolean;
  /** Whether the catalog has Swift. */
  objectStore: boolean;
  /** Whether the catalog has Cinder. */
  blockStorage: boolean;
  tokenLifetimeMs: number;
  /** Where the catalog says that container-infra is; ends in /v1. */
  containerInfraUrl: string | undefined;
  /** Floating addresses come from here. */
  publicCidr: string;
  player: Player | undefined;
}

/** The whole cloud; every service's handlers get it. */
export interface Cloud {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly settings: CloudSettings;
  readonly faults: Faults;
  readonly quotas: Quotas;
  readonly identity: IdentityState;
  readonly images: Map<string, Image>;
  readonly compute: ComputeState;
  readonly network: NetworkState;
  readonly loadBalancing: LoadBalancingState;
  readonly volumes: Map<string, Volume>;
  readonly snapshots: Map<string, Snapshot>;
  /** By `account/name`. */
  readonly containers: Map<string, Container>;
  readonly orchestration: OrchestrationState;
  /** `http://host:port`, known once it listens. */
  url: string;
}

/** Whose request it is, as far as a service's objects are concerned. */
export interface Owner {
  userId: string;
  projectId: string;
}
