import { certificates } from '../../common/db/certificates.js';
import { cloudResources } from '../../common/db/cloud-resources.js';
import { type Cluster, clusters } from '../../common/db/clusters.js';
import { nodes } from '../../common/db/nodes.js';
import { operations } from '../../common/db/operations.js';
import type { PlannedFault } from './seams.js';
import type { World } from './world.js';

/** A dead process is missed for a while before another one is started. */
const RESTART_AFTER_MS = 2000;
const STEP_LIMIT_MS = 30 * 60_000;
const MAX_ATTEMPTS = 20;
/** Tombstones are looked at once a minute. */
const TOMBSTONE_ROUND_MS = 130_000;

export interface Finding {
  /** Lost: not done, or not told. Doubled: done twice, or over. Leaked: left behind. */
  kind: 'lost' | 'doubled' | 'leaked';
  step: string;
  problem: string;
}

/**
 * One cluster from order to nothing: create, resize up, resize down by a chosen node, delete, and the
 * day after. At each step's end everything is counted: nothing lost, nothing doubled, nothing left.
 */
export class ClusterLife {
  readonly findings: Finding[] = [];
  readonly #world: World;
  readonly #coe: string;
  #templateId = '';
  #clusterId = '';
  #serverIds = new Map<string, string>();

  constructor(world: World, coe = 'swarm-mode') {
    this.#world = world;
    this.#coe = coe;
  }

  /** What there is before anything can go wrong. */
  async prepare(): Promise<void> {
    await this.#world.startProcess();
    const made = await this.#world.request('POST', '/clustertemplates', {
      name: 'life',
      coe: this.#coe,
      image_id: 'debian-12',
      flavor_id: 'm1.small',
      master_flavor_id: 'm1.small',
      keypair_id: 'demo',
      external_network_id: 'public',
      registry_enabled: true,
    });
    if (made?.status !== 201) throw new Error(`The template was not made: ${JSON.stringify(made)}`);
    this.#templateId = (made.data as { uuid: string }).uuid;
    this.#world.killAll();
  }

  /**
   * `beside` further processes run all the time.
   * @returns the points that the process passed to which `fault` happens.
   */
  async run(fault: PlannedFault | undefined, beside = 0): Promise<string[]> {
    // Requests and nodes go to the newest, so it is the one to which things happen.
    for (let index = 0; index < beside; index++) await this.#world.startProcess();
    const first = await this.#world.startProcess(fault);
    await this.#create();
    await this.#resize('resize up', { node_count: 3 }, 4);
    await this.#resize('resize down', { node_count: 2, nodes_to_remove: [await this.#serverOfWorker(1)] }, 3);
    await this.#delete();
    const points = [...first.points];
    await this.#theDayAfter();
    return points;
  }

  async #create(): Promise<void> {
    const order = {
      name: 'life',
      cluster_template_id: this.#templateId,
      master_count: 1,
      node_count: 2,
    };
    await this.#until('create accepted', async () => {
      const known = await this.#cluster();
      if (known === undefined) await this.#world.request('POST', '/clusters', order);
      return (await this.#cluster()) !== undefined;
    });
    this.#clusterId = (await this.#cluster())?.uuid ?? '';
    await this.#settled('create', 'CREATE_COMPLETE', 3);
  }

  async #resize(step: string, order: { node_count: number; nodes_to_remove?: string[] }, total: number): Promise<void> {
    const path = `/clusters/${this.#clusterId}/actions/resize`;
    const before = await this.#operationCount();
    await this.#until(`${step} accepted`, async () => {
      if ((await this.#operationCount()) === before) await this.#world.request('POST', path, order);
      return (await this.#operationCount()) > before;
    });
    await this.#settled(step, 'UPDATE_COMPLETE', total);
    for (const gone of order.nodes_to_remove ?? []) {
      if (this.#world.cloud.state.compute.servers.has(gone))
        this.#report('lost', step, 'the chosen server is still there');
    }
  }

  async #delete(): Promise<void> {
    const path = `/clusters/${this.#clusterId}`;
    await this.#until('delete accepted', async () => {
      const answer = await this.#world.request('DELETE', path);
      return answer?.status === 204 || answer?.status === 404;
    });
    await this.#until('delete', async () => (await this.#cluster()) === undefined);
    await this.#nothingLeft('delete', await this.#orphans());
  }

  /** What a late call may have made again is found an hour and a day later. Nobody runs in between: that saves time. */
  async #theDayAfter(): Promise<void> {
    for (const waitMs of [3_600_000, 86_400_000]) {
      this.#world.killAll();
      await this.#world.clock.advance(waitMs);
      await this.#world.startProcess();
      await this.#world.clock.advance(TOMBSTONE_ROUND_MS);
    }
    await this.#nothingLeft('the day after');
    const open = await this.#world.db.read('check', (query) =>
      operations.rows(query).whereNotIn('status', ['succeeded']).select('kind', 'status'),
    );
    if (open.length > 0) this.#report('lost', 'the day after', `operations did not succeed: ${JSON.stringify(open)}`);
    const inventory = await this.#world.db.read('check', (query) => cloudResources.list(query, {}));
    const standing = inventory.filter(({ state }) => state !== 'gone');
    if (standing.length > 0) this.#report('leaked', 'the day after', `inventory: ${JSON.stringify(standing)}`);
  }

  /** The operation ends as it should, and the cloud, the rows and the inventory tell the same. */
  async #settled(step: string, status: string, total: number): Promise<void> {
    await this.#until(step, async () => {
      const now = (await this.#cluster())?.status ?? '';
      return !now.endsWith('_IN_PROGRESS');
    });
    const cluster = await this.#cluster();
    if (cluster?.status !== status) this.#report('lost', step, `${cluster?.status}: ${cluster?.statusReason}`);
    const cloud = this.#world.cloud.everything();
    const members = await this.#world.db.read('check', (query) => nodes.list(query, { clusterId: this.#clusterId }));
    if (members.length !== total) this.#report('doubled', step, `${members.length} node rows in place of ${total}`);
    this.#compare(
      step,
      'servers',
      cloud.servers,
      members.map(({ name }) => name),
    );
    const inventory = await this.#world.db.read('check', (query) =>
      cloudResources.list(query, { clusterId: this.#clusterId, state: 'present' }),
    );
    const names = (type: string) => inventory.filter((resource) => resource.type === type).map(({ name }) => name);
    this.#compare(step, 'stacks', cloud.stacks, names('stack'));
    const orphans = await this.#orphans();
    const accounts = cloud.users.filter((name) => !orphans.has(name));
    this.#compare(step, 'users', accounts, names('user'));
    const trustees = cloud.trusts.map((trust) => trust.split(' ')[1] ?? '').filter((name) => !orphans.has(name));
    this.#compare(step, 'trusts', trustees, names('trust'));
    this.#compare(step, 'containers', cloud.containers, names('container'));
    if (cloud.keypairs.length !== 1) this.#report('doubled', step, `keypairs: ${cloud.keypairs.join(', ')}`);
    this.#sameServers(step);
  }

  /** No server that stays is ever replaced. */
  #sameServers(step: string): void {
    const present = [...this.#world.cloud.state.compute.servers.values()];
    for (const { id, name } of present) {
      const before = this.#serverIds.get(name);
      if (before !== undefined && before !== id) this.#report('doubled', step, `server ${name} was replaced`);
      this.#serverIds.set(name, id);
    }
  }

  #compare(step: string, what: string, found: string[], expected: string[]): void {
    const [left, right] = [found.toSorted().join(', '), expected.toSorted().join(', ')];
    if (left !== right) this.#report('doubled', step, `${what} in the cloud: ${left}; in the records: ${right}`);
  }

  /** Accounts of requests that ended before they had made a cluster: the next look at tombstones removes them. */
  async #orphans(): Promise<Set<string>> {
    const users = await this.#world.db.read('check', (query) => cloudResources.list(query, { type: 'user' }));
    return new Set(users.filter(({ clusterId }) => clusterId !== this.#clusterId).map(({ name }) => name));
  }

  async #nothingLeft(step: string, except: ReadonlySet<string> = new Set()): Promise<void> {
    const left = Object.entries<string[]>({ ...this.#world.cloud.everything() })
      .map(([kind, items]) => [kind, items.filter((item) => !except.has(item.split(' ').at(-1) ?? ''))] as const)
      .filter(([, items]) => items.length > 0);
    if (left.length > 0) this.#report('leaked', step, `left in the cloud: ${JSON.stringify(Object.fromEntries(left))}`);
    const issued = await this.#world.db.read('check', (query) => certificates.list(query, { kind: 'issued' }));
    if (issued.length > 0) {
      this.#report('leaked', step, `left in the records: ${issued.map(({ subject }) => subject).join('; ')}`);
    }
  }

  async #serverOfWorker(ordinal: number): Promise<string> {
    const members = await this.#world.db.read('check', (query) => nodes.list(query, { clusterId: this.#clusterId }));
    return members.find((node) => node.role === 'worker' && node.ordinal === ordinal)?.serverId ?? 'unknown';
  }

  #cluster(): Promise<Cluster | undefined> {
    return this.#world.db.read('check', (query) => clusters.find(query, { name: 'life' }));
  }

  async #operationCount(): Promise<number> {
    return (await this.#world.db.read('check', (query) => operations.list(query, {}))).length;
  }

  /** Lets time pass, and starts a process where none is left, until `holds`. */
  async #until(step: string, holds: () => Promise<boolean>, limitMs = STEP_LIMIT_MS): Promise<void> {
    const since = this.#world.clock.now();
    for (let attempt = 0; attempt < MAX_ATTEMPTS || this.#world.clock.now() - since < limitMs; attempt++) {
      if (this.#world.processes.length === 0) {
        await this.#world.clock.advance(RESTART_AFTER_MS);
        await this.#world.startProcess();
      }
      if (await holds()) return;
      await this.#world.clock.advance(1000);
    }
    this.#report('lost', step, `did not end: ${JSON.stringify(await this.#cluster())}`);
    throw new Error(`${step} did not end`);
  }

  #report(kind: Finding['kind'], step: string, problem: string): void {
    this.findings.push({ kind, step, problem });
  }
}
