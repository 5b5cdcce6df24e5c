import type { Clock } from '../../../common/clock.js';
import { findDistrust, type Trust } from './played-trust.js';

/** A kubelet that says nothing is missed after this: kube-controller-manager's `--node-monitor-grace-period`. */
const MISSED_AFTER_MS = 40_000;

type Service = 'etcd' | 'kube-apiserver' | 'kubelet';

export interface Master {
  name: string;
  address: string;
}

/** A machine, and what runs on it. */
export interface Machine {
  readonly name: string;
  readonly services: Set<Service>;
  haltedAt: number | undefined;
  /** Since it has been set up. */
  trust: Trust | undefined;
}

/** One cluster: its machines, and what stands in its etcd. */
export class PlayedKubernetes {
  /** Machines by name; one made again takes the place of the one before. */
  readonly #machines = new Map<string, Machine>();
  /** Names of node objects. */
  readonly #nodes = new Set<string>();
  #masters: readonly Master[] = [];
  /** Names of nodes that take no work until an upgrade opens them again. */
  readonly cordoned = new Set<string>();
  /** Whether the first master has given the others' names their rights. */
  hasRights = false;
  /** Whether the first master has put the network driver in. */
  hasNetwork = false;
  /** Names of add-ons that are available. */
  readonly addons = new Set<string>();

  /** `masters`: all that the cluster was ordered with; they are the members of etcd. */
  boot(name: string, masters: readonly Master[]): Machine {
    const machine: Machine = { name, services: new Set(), haltedAt: undefined, trust: undefined };
    this.#machines.set(name, machine);
    this.#masters = masters;
    return machine;
  }

  get isAlone(): boolean {
    return this.#machines.size <= 1;
  }

  /** Whether the API behind a master's address answers; behind any other address, that of the load balancer, one of all. */
  answers(address: string): boolean {
    const etcdMembers = this.#masters.filter(({ name }) => this.#runs(name, 'etcd'));
    if (etcdMembers.length <= this.#masters.length / 2) return false;
    const one = this.#masters.filter((master) => master.address === address);
    return (one.length > 0 ? one : this.#masters).some(({ name }) => this.#runs(name, 'kube-apiserver'));
  }

  /** A kubelet that runs makes its node known as soon as an API answers it. */
  register(name: string): void {
    this.#nodes.add(name);
  }

  remove(name: string): boolean {
    this.#machines.delete(name);
    return this.#nodes.delete(name);
  }

  knows(name: string): boolean {
    return this.#nodes.has(name);
  }

  isReady(name: string, now: number): boolean {
    const { services, haltedAt = now } = this.#machines.get(name) ?? {};
    return this.knows(name) && services?.has('kubelet') === true && now - haltedAt < MISSED_AFTER_MS;
  }

  /** What a master's `health.sh` finds: its API lists the nodes, and it asks the other masters' APIs itself. */
  seenBy(master: string, now: number): Record<string, string> {
    const nodes = [...this.#nodes];
    const missed = this.#masters.filter(({ name }) => name !== master && !this.#runs(name, 'kube-apiserver'));
    const down = new Set([...nodes.filter((name) => !this.isReady(name, now)), ...missed.map(({ name }) => name)]);
    const ready = nodes.filter((name) => this.isReady(name, now));
    return {
      nodes_ready: `${ready.length}/${nodes.length}`,
      ...(down.size === 0 ? {} : { nodes_down: [...down].toSorted().join(',').slice(0, 256) }),
    };
  }

  /** Whether all machines that run believe each other; if not, in words. */
  distrust(clock: Clock): string | undefined {
    const running = [...this.#machines.values()].filter(({ haltedAt }) => haltedAt === undefined);
    return findDistrust(
      running.flatMap(({ name, trust }) => (trust === undefined ? [] : [{ name, trust }])),
      clock,
    );
  }

  #runs(name: string, service: Service): boolean {
    const machine = this.#machines.get(name);
    return machine?.haltedAt === undefined && machine?.services.has(service) === true;
  }
}
