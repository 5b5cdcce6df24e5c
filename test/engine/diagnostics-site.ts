import { gzipSync } from 'node:zlib';
import { type Diagnostic, diagnostics } from '../../common/db/diagnostics.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { newSshKey, sshPublicKey } from '../../common/ssh/ssh-key.js';
import type { PlannedFault } from '../simulation/seams.js';
import { readBundle } from '../support/read-bundle.js';
import { type PlayedSshHost, SshHosts } from '../support/ssh-hosts.js';
import { Scenario } from './scenario.js';

export const STEP = 'docker-install';
const LOG = 'Reading package lists...\npassword=hunter2\nE: Unable to locate package docker.io';
const LIMIT_MS = 30 * 60_000;

/** A cluster whose create has failed at a step of its second worker, which may hang from then on. */
export class DiagnosticsSite {
  readonly scenario: Scenario;
  readonly hosts: SshHosts;
  readonly #keys: Map<string, string>;

  private constructor(scenario: Scenario, hosts: SshHosts, keys: Map<string, string>) {
    this.scenario = scenario;
    this.hosts = hosts;
    this.#keys = keys;
  }

  static async start({ hangs = false, settings = {} }: { hangs?: boolean; settings?: Record<string, string> } = {}) {
    const hosts = new SshHosts();
    const keys = new Map<string, string>();
    let isHanging = false;
    const isFaulty = (node: string) => node.endsWith('worker-1');
    const scenario = await Scenario.start({
      settings,
      dial: hosts.dial,
      nodes: {
        failStep(node, step) {
          if (!isFaulty(node) || step !== STEP) return undefined;
          isHanging = hangs;
          return LOG;
        },
        silent: (node) => isHanging && isFaulty(node),
        sshHostKey(node) {
          keys.set(node, keys.get(node) ?? newSshKey());
          return sshPublicKey(keys.get(node) ?? '');
        },
      },
    });
    const site = new DiagnosticsSite(scenario, hosts, keys);
    await scenario.create();
    const cluster = await scenario.settled();
    if (cluster?.status !== 'CREATE_FAILED') throw new Error(`Not failed: ${cluster?.status}`);
    return site;
  }

  async node(ending: string): Promise<Node> {
    const all = await this.scenario.world.db.read('check', (query) => nodes.list(query, {}));
    const node = all.find(({ name }) => name.endsWith(ending));
    if (node === undefined) throw new Error(`No node ${ending}`);
    return node;
  }

  /** Has the node listen for SSH at `address`, with its own host key or another. */
  async listen(ending: string, address: string | undefined, { key }: { key?: string } = {}): Promise<PlayedSshHost> {
    const { name, nodeData } = await this.node(ending);
    const { ssh_key: authorizedKey } = nodeData.diagnostics as { ssh_key: string };
    return this.hosts.add(address ?? '', {
      authorizedKey,
      key: key ?? this.#keys.get(name) ?? '',
      answer: (command, channel) => {
        const [word, target = ''] = command.split(' ');
        if (word === 'reach') return this.hosts.relay(target, channel);
        return { output: gzipSync(`===== journal over SSH of ${name} =====\ntoken: abc\n`) };
      },
    });
  }

  diagnostics(): Promise<Diagnostic[]> {
    return this.scenario.world.db.read('check', (query) => diagnostics.list(query, {}));
  }

  /** Lets time pass until none is open; @returns the last one */
  async ended(): Promise<Diagnostic> {
    const { world } = this.scenario;
    let last: Diagnostic | undefined;
    const isOver = async () => {
      last = (await this.diagnostics()).at(-1);
      return last !== undefined && last.openKey === undefined;
    };
    await world.clock.runUntil(isOver, { limitMs: LIMIT_MS });
    if (last === undefined) throw new Error('There is none');
    return last;
  }

  /** Has another process do it, to which this happens, and starts a further one when it is gone. */
  async endedBy(plan: PlannedFault | undefined): Promise<{ diagnostic: Diagnostic; points: string[] }> {
    const { world } = this.scenario;
    world.killAll();
    const { points } = await world.startProcess(plan);
    const isOver = async () => world.processes.length === 0 || (await this.diagnostics()).at(-1)?.openKey === undefined;
    await world.clock.runUntil(isOver, { limitMs: LIMIT_MS });
    if (world.processes.length === 0) await world.startProcess();
    return { diagnostic: await this.ended(), points };
  }

  async bundle({ uuid, clusterId }: Diagnostic): Promise<Record<string, string>> {
    const path = `/clusters/${clusterId}/diagnostics/${uuid}/bundle`;
    const answer = await this.scenario.world.request('GET', path, undefined, 'arraybuffer');
    if (answer?.status !== 200) throw new Error(`No bundle: ${answer?.status}`);
    return readBundle(answer.data as Buffer);
  }

  async stop(): Promise<void> {
    await this.scenario.stop();
    await this.hosts.stop();
  }
}
