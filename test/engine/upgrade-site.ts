import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeGroups } from '../../common/db/node-groups.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { templatePath } from '../../common/package-root.js';
import type { NodeBehaviour } from '../simulation/played-nodes.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

/** The version that Bayou ships a bill of. */
export const OLD = 'v1.20.2';
export const NEW = 'v1.20.3';

/** A folder with bills of versions that nobody publishes: those of `OLD` under other names. */
export function makeBills(versions: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-bills-'));
  const text = readFileSync(templatePath('kubernetes', 'versions', `${OLD}.yaml`), 'utf8');
  for (const version of versions) writeFileSync(join(folder, `${version}.yaml`), text.replaceAll(OLD, version));
  return folder;
}

export interface UpgradeOptions {
  nodes?: NodeBehaviour;
  settings?: Record<string, string>;
}

/** A cluster of `OLD` in a service that knows further versions. */
export class UpgradeSite {
  readonly scenario: Scenario;
  readonly #bills: string;

  private constructor(scenario: Scenario, bills: string) {
    this.scenario = scenario;
    this.#bills = bills;
  }

  static async start(order: object = {}, options: UpgradeOptions = {}): Promise<UpgradeSite> {
    const bills = makeBills([NEW, 'v1.21.0', 'v1.22.0', 'v1.23.0']);
    const settings = {
      BAYOU_KUBERNETES__BILLS_PATH: bills,
      BAYOU_KUBERNETES__MIRROR_URL: 'http://mirror.example.org',
      ...options.settings,
    };
    const scenario = await Scenario.start({ settings, nodes: options.nodes ?? {} }, templateOf(OLD));
    const site = new UpgradeSite(scenario, bills);
    await scenario.create({ cluster_template_id: OLD, ...order });
    const cluster = await scenario.settled();
    if (cluster?.status !== 'CREATE_COMPLETE' || cluster.coeVersion !== OLD) {
      throw new Error(`Not created: ${cluster?.status} ${cluster?.statusReason}`);
    }
    return site;
  }

  /** A template of this version, named after it. */
  template(version: string, more: object = {}): Promise<unknown> {
    return this.scenario.expectStatus('POST', '/clustertemplates', templateOf(version, more), 201);
  }

  upgrade(order: object, status = 202): Promise<unknown> {
    const body = { max_batch_size: 1, ...order };
    return this.scenario.expectStatus('POST', '/clusters/c/actions/upgrade', body, status);
  }

  /** With a template made for it, to its end. */
  async upgradeTo(version: string) {
    await this.template(version);
    await this.upgrade({ cluster_template: version });
    return this.scenario.settled();
  }

  nodes(): Promise<Node[]> {
    return this.scenario.world.db.read('check', (query) => nodes.list(query, {}));
  }

  /** Node → what it says that it runs. */
  async versions(): Promise<Record<string, string>> {
    const wanted = (await this.nodes()).filter(({ state }) => state === 'wanted');
    return Object.fromEntries(wanted.map(({ name, orchestrator }) => [shortName(name), orchestrator.version ?? '']));
  }

  /** Group → the version of nodes that come to it. */
  async groupVersions(): Promise<Record<string, string | undefined>> {
    const groups = await this.scenario.world.db.read('check', (query) => nodeGroups.list(query, {}));
    return Object.fromEntries(groups.map(({ name, labels }) => [name, labels.kube_tag]));
  }

  /** What nodes were asked for, but add-ons, in that order: `drain worker-0`, with what did not succeed marked. */
  async tasks(): Promise<string[]> {
    const all = await this.scenario.world.db.read('check', (query) => nodeTasks.list(query, {}));
    return all
      .filter(({ name }) => name !== 'addon')
      .map(({ name, taskKey, state }) => {
        const subject = shortName(taskKey.split(':').at(-1) ?? '');
        return `${name} ${subject}${state === 'succeeded' ? '' : ` ${state}`}`;
      });
  }

  async stop(): Promise<void> {
    await this.scenario.stop();
    rmSync(this.#bills, { recursive: true, force: true });
  }
}

function templateOf(version: string, more: object = {}) {
  return { ...KUBERNETES_TEMPLATE, name: version, labels: { kube_tag: version }, ...more };
}

/** A node's name without its cluster's, and without what tells its group from another of that name. */
function shortName(name: string): string {
  return name.replace(/^c-[a-z0-9]+-/, '').replace(/-[0-9a-f]{4}(-\d+)$/, '$1');
}
