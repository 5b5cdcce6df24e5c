import { type Cluster, clusters } from '../../common/db/clusters.js';
import { events } from '../../common/db/events.js';
import { type Operation, operations } from '../../common/db/operations.js';
import type { PlannedFault } from '../simulation/seams.js';
import { World, type WorldOptions } from '../simulation/world.js';

const LIMIT_MS = 3 * 3_600_000;

export const TEMPLATE = {
  name: 'swarm',
  coe: 'swarm-mode',
  image_id: 'debian-12',
  flavor_id: 'm1.small',
  master_flavor_id: 'm1.small',
  keypair_id: 'demo',
  external_network_id: 'public',
};

export const KUBERNETES_TEMPLATE = { ...TEMPLATE, name: 'kubernetes', coe: 'kubernetes' };

/** One process of Bayou over a development cloud, a template, and the requests of a project member. */
export class Scenario {
  readonly world: World;
  readonly #template: string;

  private constructor(world: World, template: string) {
    this.world = world;
    this.#template = template;
  }

  static async start(options: Partial<WorldOptions> = {}, template: { name: string } = TEMPLATE): Promise<Scenario> {
    const scenario = new Scenario(await World.start({ seed: 1, ...options }), template.name);
    await scenario.world.startProcess();
    await scenario.expectStatus('POST', '/clustertemplates', template, 201);
    return scenario;
  }

  get projectId(): string {
    const demo = [...this.world.cloud.state.identity.projects.values()].find(({ name }) => name === 'demo');
    return demo?.id ?? '';
  }

  async expectStatus(method: string, path: string, body: unknown, status: number): Promise<unknown> {
    const answer = await this.world.request(method, path, body);
    if (answer?.status !== status) {
      throw new Error(`${method} ${path}: ${answer?.status} ${JSON.stringify(answer?.data)}`);
    }
    return answer.data;
  }

  create(order: object = {}): Promise<unknown> {
    return this.expectStatus(
      'POST',
      '/clusters',
      { name: 'c', cluster_template_id: this.#template, node_count: 2, ...order },
      202,
    );
  }

  resize(order: object): Promise<unknown> {
    return this.expectStatus('POST', '/clusters/c/actions/resize', order, 202);
  }

  delete(): Promise<unknown> {
    return this.expectStatus('DELETE', '/clusters/c', undefined, 204);
  }

  cluster(): Promise<Cluster | undefined> {
    return this.world.db.read('check', (query) => clusters.find(query, { name: 'c' }));
  }

  operations(): Promise<Operation[]> {
    return this.world.db.read('check', (query) => operations.list(query, {}));
  }

  async eventKinds(): Promise<string[]> {
    return (await this.world.db.read('check', (query) => events.list(query, {}))).map(({ kind }) => kind);
  }

  /** Lets time pass until the cluster's row is as wanted; a row that is gone counts as `undefined`. */
  async until(holds: (cluster: Cluster | undefined) => boolean, limitMs = LIMIT_MS): Promise<Cluster | undefined> {
    let seen: Cluster | undefined;
    let lookedAt = '';
    const look = async () => {
      // As long as nobody writes or dies nothing changes, and time goes in many steps.
      const now = `${this.world.writes} ${this.world.processes.length}`;
      if (lookedAt === now) return false;
      lookedAt = now;
      seen = await this.cluster();
      return holds(seen);
    };
    await this.world.clock.runUntil(look, { limitMs });
    return seen;
  }

  async settled(): Promise<Cluster | undefined> {
    return this.until((cluster) => cluster?.status.endsWith('_IN_PROGRESS') !== true);
  }

  /** Has another process do what was accepted, to which this happens, and starts a further one when it is gone. */
  async settledBy(plan: PlannedFault | undefined): Promise<string[]> {
    const { world } = this;
    world.killAll();
    const { points } = await world.startProcess(plan);
    await this.until((cluster) => cluster?.status !== 'UPDATE_IN_PROGRESS' || world.processes.length === 0);
    if (world.processes.length === 0) await world.startProcess();
    await this.settled();
    return points;
  }

  /** Fake time from now until the reason shows. */
  async timeToReason(limitMs = LIMIT_MS): Promise<{ cluster: Cluster | undefined; ms: number }> {
    const since = this.world.clock.now();
    const cluster = await this.until((seen) => seen?.statusReason !== undefined, limitMs);
    return { cluster, ms: this.world.clock.now() - since };
  }

  /** What the cloud holds beyond its seed, by kind; empty when nothing is left. */
  leftovers(): Record<string, string[]> {
    return Object.fromEntries(Object.entries(this.world.cloud.everything()).filter(([, items]) => items.length > 0));
  }

  stop(): Promise<void> {
    return this.world.stop();
  }
}
