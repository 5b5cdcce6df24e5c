/** ZooKeeper misses a member that does not answer it at once. */
const MISSED_AFTER_MS = 3000;

interface Machine {
  name: string;
  haltedAt: number | undefined;
}

/** Who is in one Mesos cluster, and what its masters know of each other. */
export class PlayedMesos {
  readonly #masters = new Map<string, Machine>();
  readonly #agents = new Set<string>();
  /** Those that the cluster was ordered with: ZooKeeper waits for most of them. */
  #size = 1;

  /** This master's ZooKeeper runs. */
  enter(name: string, size: number): void {
    this.#size = size;
    if (!this.#masters.has(name)) this.#masters.set(name, { name, haltedAt: undefined });
  }

  get isAlone(): boolean {
    return this.#size <= 1;
  }

  /** Undefined: the machine runs. */
  halt(name: string, haltedAt: number | undefined): void {
    const master = this.#masters.get(name);
    if (master !== undefined) master.haltedAt = haltedAt === undefined ? undefined : (master.haltedAt ?? haltedAt);
  }

  get hasQuorum(): boolean {
    return this.#running().length > this.#size / 2;
  }

  /** Undefined without a quorum. */
  get leader(): string | undefined {
    return this.hasQuorum ? this.#running()[0]?.name : undefined;
  }

  missed(now: number): string[] {
    return [...this.#masters.values()]
      .filter(({ haltedAt }) => haltedAt !== undefined && now - haltedAt >= MISSED_AFTER_MS)
      .map(({ name }) => name);
  }

  register(agent: string): void {
    this.#agents.add(agent);
  }

  has(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /** Whether there was such an agent. */
  forget(agent: string): boolean {
    return this.#agents.delete(agent);
  }

  #running(): Machine[] {
    return [...this.#masters.values()].filter(({ haltedAt }) => haltedAt === undefined);
  }
}
