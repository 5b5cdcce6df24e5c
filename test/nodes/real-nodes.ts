import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Player } from '../../devstack/devcloud/cloud.js';
import { execute, type NodeTools, runScript } from './node-tools.js';

const CONSOLE_CHARACTERS = 65_536;

/**
 * A player for the development cloud that boots a machine for each server, from its user data and with its address.
 * What is asked of one machine is done in that order, machines beside each other.
 */
export class RealNodes {
  readonly #tools: NodeTools;
  readonly #log: Log;
  readonly #binds: readonly string[];
  /** By name: the end of what was last asked of it. */
  readonly #work = new Map<string, Promise<void>>();
  readonly #problems = new Map<string, string>();

  /** `binds`: more arguments of systemd-nspawn, such as `--bind-ro=/folder:/on/node`. */
  constructor({ tools, log }: { tools: NodeTools; log: Log }, binds: readonly string[] = []) {
    this.#tools = tools;
    this.#log = log;
    this.#binds = binds;
  }

  readonly play: Player = ({ name, userData, addresses }) => {
    this.#enqueue(name, () => this.#boot(name, addresses[0] ?? '', userData));
    return { stop: () => this.#enqueue(name, () => this.#stop(name)), consoleLog: () => this.consoleLog(name) };
  };

  /** Names of the machines that run or are about to. */
  names(): string[] {
    return [...this.#work.keys()];
  }

  /** Runs a command in a node, as root. @returns what it printed; what it said on standard error is in the failure */
  run(name: string, ...command: string[]): Promise<string> {
    return runScript(this.#tools, 'in-node', [name, ...command]);
  }

  /** Takes the power from a machine: all of its processes end at once. Its disk stays. */
  async cut(name: string): Promise<void> {
    const pid = readFileSync(join(this.#folder(name), 'pid'), 'utf8').trim();
    // The machine's own first process takes all the others along.
    await execute('pkill', ['-KILL', '-P', pid]);
  }

  /** Boots a machine whose power was cut, with its files as they were. */
  async bootAgain(name: string): Promise<void> {
    const rootfs = join(this.#tools.stateFolder, 'image', 'rootfs');
    await runScript(this.#tools, 'boot-node', [this.#folder(name), rootfs, name, `node-${name}`, ...this.#binds]);
  }

  /** The end of a node's journal, or why there is none. */
  async journal(name: string, lines = 40): Promise<string> {
    const command = ['journalctl', '--no-pager', '-o', 'cat', '-u', 'bayou-node', '-n', String(lines)];
    return this.run(name, ...command).catch((error: unknown) => errorText(error));
  }

  /** What systemd, cloud-init and the node's runner have printed. */
  consoleLog(name: string): string {
    const file = join(this.#folder(name), 'console.log');
    const text = existsSync(file) ? readFileSync(file, 'utf8').slice(-CONSOLE_CHARACTERS) : '';
    return `${text}${this.#problems.get(name) ?? ''}`;
  }

  /** Stops what still runs. Nothing of it is left but the image. */
  async stopAll(): Promise<void> {
    for (const name of this.#work.keys()) this.#enqueue(name, () => this.#stop(name));
    await Promise.all(this.#work.values());
  }

  /** Stops machines that a test left when it was killed. */
  async stopLeftBehind(): Promise<void> {
    const folder = join(this.#tools.stateFolder, 'node');
    for (const name of existsSync(folder) ? readdirSync(folder) : []) await this.#stop(name);
  }

  #enqueue(name: string, task: () => Promise<void>): void {
    const done = (this.#work.get(name) ?? Promise.resolve()).then(task).catch((error: unknown) => {
      this.#log.error({ server: name, reason: errorText(error) }, 'Real node failed');
      this.#problems.set(name, `${this.#problems.get(name) ?? ''}${errorText(error)}\n`);
    });
    this.#work.set(name, done);
    void done.then(() => {
      // The last one asked for has been done, and it was a stop.
      if (this.#work.get(name) === done && !existsSync(this.#folder(name))) this.#work.delete(name);
    });
  }

  async #boot(name: string, address: string, userData: string): Promise<void> {
    const folder = join(this.#tools.stateFolder, 'user-data');
    const file = join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, userData, { mode: 0o600 });
    try {
      await runScript(this.#tools, 'start-node', [name, address, file], { NODES_BINDS: this.#binds.join(' ') });
    } finally {
      rmSync(file);
    }
  }

  async #stop(name: string): Promise<void> {
    await runScript(this.#tools, 'stop-node', [name], { FAST: '1' });
  }

  #folder(name: string): string {
    return join(this.#tools.stateFolder, 'node', name);
  }
}
