import { z } from 'zod';
import type { PlayerOptions } from './life.js';
import type { Member, PlayedCluster, PlayedHealth } from './member.js';
import { PlayedMesos } from './played-mesos.js';
import type { Action, PlayedNode } from './played-node.js';
import { getCertificate } from './steps.js';
import type { NodeJson } from './user-data.js';

const settingsSchema = z.object({
  masters: z.array(z.object({ name: z.string(), address: z.string() })).min(1),
  service_discovery: z.boolean(),
  chronos: z.boolean().default(false),
});

const VERSION = '1.11.0';
const LOOK_MS = 1000;
/** How long `node-ready.sh` waits for what others do. */
const READY_LIMIT_MS = 120_000;

export function playMesos(): PlayedCluster {
  const mesos = new PlayedMesos();
  return (node, options) => new MesosMember(mesos, node, options);
}

/** A machine with the programs of Mesos; of which ones, its role says. */
class MesosMember implements Member {
  readonly steps = {
    zookeeper: () => this.#startZookeeper(),
    'mesos-agent': () => this.#startAgent(),
    'api-proxy': (node: PlayedNode) => getCertificate(node, 'api-server'),
    etcd: (node: PlayedNode) => getCertificates(node, ['etcd-server', 'etcd-peer', 'etcd-client']),
    edge: (node: PlayedNode) => getCertificate(node, 'etcd-edge'),
    'node-ready': (node: PlayedNode) => this.#becomeReady(node),
  };
  readonly tasks = {
    drain: (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#needLeader();
      this.#mesos.forget(name);
      return `${name} is drained`;
    },
    'remove-node': (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#needLeader();
      this.#mesos.forget(name);
      return `${name} is no agent any more`;
    },
  };
  readonly #mesos: PlayedMesos;
  readonly #name: string;
  readonly #role: string;
  readonly #settings: z.output<typeof settingsSchema>;
  readonly #isBusy: () => boolean;

  constructor(mesos: PlayedMesos, { node, settings }: NodeJson, { busy }: Pick<PlayerOptions, 'busy'>) {
    this.#mesos = mesos;
    this.#name = node.name;
    this.#role = node.role;
    this.#settings = settingsSchema.parse(settings);
    this.#isBusy = () => busy?.(node.name) === true;
  }

  get hasPeers(): boolean {
    return this.#role === 'master' && !this.#mesos.isAlone;
  }

  halt(haltedAt: number | undefined): void {
    this.#mesos.halt(this.#name, haltedAt);
  }

  health(now: number): PlayedHealth {
    if (this.#role === 'master') return this.#masterHealth(now);
    if (this.#role === 'edge') return { ready: true, fields: { haproxy: 'ok', watcher: 'ok' } };
    const mesos = this.#mesos.has(this.#name) ? 'registered' : 'unregistered';
    const work = this.#isBusy() ? 'busy' : 'idle';
    return { ready: mesos === 'registered', fields: { mesos, work, docker: 'ok', version: VERSION } };
  }

  #masterHealth(now: number): PlayedHealth {
    const { leader } = this.#mesos;
    const isLeader = leader === this.#name;
    const standby = leader === undefined ? 'down' : 'standby';
    const follower = leader === undefined ? 'down' : 'follower';
    const down = this.#mesos.missed(now).filter((name) => name !== this.#name);
    const { service_discovery: discovers, chronos } = this.#settings;
    const fields = {
      zookeeper: isLeader ? (this.#mesos.isAlone ? 'standalone' : 'leader') : follower,
      mesos: isLeader ? 'leader' : standby,
      marathon: isLeader ? 'leader' : 'standby',
      ...(chronos ? { chronos: 'ok' } : {}),
      ...(discovers ? { etcd: leader === undefined ? 'down' : 'ok', registrar: 'ok' } : {}),
      haproxy: 'ok',
      version: VERSION,
      ...(down.length === 0 ? {} : { nodes_down: down.join(',') }),
    };
    return { ready: leader !== undefined, fields };
  }

  // biome-ignore lint/correctness/useYield: a step that never waits is a step all the same.
  async *#startZookeeper(): Action {
    this.#mesos.enter(this.#name, this.#settings.masters.length);
  }

  /** It looks for a leader by itself, however long there is none. */
  // biome-ignore lint/correctness/useYield: a step that never waits is a step all the same.
  async *#startAgent(): Action {
    this.#mesos.register(this.#name);
  }

  async *#becomeReady(node: PlayedNode): Action {
    const limit = node.clock.now() + READY_LIMIT_MS;
    while (!this.#isWell(node.clock.now())) {
      if (node.clock.now() >= limit) throw new Error('it is not well: Mesos has no leader');
      yield LOOK_MS;
    }
  }

  #isWell(now: number): boolean {
    return this.#mesos.hasQuorum && this.health(now).ready;
  }

  #needLeader(): void {
    if (!this.#mesos.hasQuorum) throw new Error('curl: (22) The requested URL returned error: 503');
  }
}

async function* getCertificates(node: PlayedNode, profiles: readonly string[]): Action {
  for (const profile of profiles) yield* getCertificate(node, profile);
}
