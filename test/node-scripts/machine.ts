import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { SwarmNode } from '../support/swarm-nodes.js';

const PROGRAMS = join(__dirname, 'programs');

/** For `until`: what a machine does takes seconds, and to look at the database costs it time. */
export const MACHINE_PATIENCE = { limitMs: 60_000, everyMs: 100 };

/** What was killed may still be at its last write when its parent is gone. */
export function removeMachines(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** A folder that is a machine: user data unpacked as cloud-init does it, the real scripts, played system programs. */
export class Machine {
  readonly root: string;
  readonly name: string;
  output = '';
  private readonly environment: NodeJS.ProcessEnv;
  private running: ChildProcess | undefined;

  constructor(folder: string, { row, userData }: SwarmNode) {
    this.name = row.name;
    this.root = join(folder, row.name);
    mkdirSync(join(this.root, 'etc/bayou'), { recursive: true });
    mkdirSync(join(this.root, 'fake'), { recursive: true });
    this.environment = {
      ...process.env,
      PATH: `${PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin`,
      BAYOU_ROOT: this.root,
      FAKE_NODE: join(this.root, 'fake'),
      FAKE_SWARM: join(folder, 'swarm'),
      FAKE_HOSTNAME: row.name,
      // A server's metadata, as a file; nothing, unless a test puts it there.
      BAYOU_METADATA: `file://${join(this.root, 'fake')}`,
    };
    const [config = '', script = ''] = userData.split('==BAYOU-PART==\n').slice(1);
    for (const { path, content, encoding } of JSON.parse(config.split('#cloud-config\n')[1]?.split('\n')[0] ?? '')
      .write_files) {
      writeFileSync(join(this.root, path), Buffer.from(content, encoding === 'b64' ? 'base64' : 'utf8'));
    }
    const unpack = gunzipSync(Buffer.from(script.split('\n\n')[1]?.split('\n--')[0] ?? '', 'base64'));
    const unpackFile = join(this.root, 'fake/unpack.sh');
    writeFileSync(unpackFile, unpack);
    execFileSync('bash', [unpackFile], { env: this.environment });
  }

  /** Starts the service as systemd would. */
  start(): void {
    const runner = spawn(join(this.root, 'opt/bayou/runner.sh'), { env: this.environment, detached: true });
    for (const stream of [runner.stdout, runner.stderr]) stream.on('data', (text) => (this.output += String(text)));
    this.running = runner;
  }

  /** The service's exit code. */
  async ended(): Promise<number> {
    if (this.running === undefined) throw new Error('the machine does not run');
    if (this.running.exitCode === null) await once(this.running, 'exit');
    return this.running.exitCode ?? -1;
  }

  /** Kills the service with all that it started, which may have outlived it. */
  async stop(): Promise<void> {
    const { running } = this;
    if (running?.pid === undefined) return;
    const hasEnded = running.exitCode !== null || running.signalCode !== null;
    const exit = hasEnded ? undefined : once(running, 'exit');
    try {
      process.kill(-running.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await exit;
  }

  /** Runs a script of the node by itself and returns what it printed. */
  async run(script: string, ...args: string[]): Promise<string> {
    const file = join(this.root, 'opt/bayou', script);
    const { stdout } = await promisify(execFile)(file, args, { env: this.environment, timeout: 120_000 });
    return stdout;
  }

  /** The same for what is no text. */
  async runForBytes(script: string): Promise<Buffer> {
    const file = join(this.root, 'opt/bayou', script);
    const options = { env: this.environment, timeout: 120_000, encoding: 'buffer' as const, maxBuffer: 16_777_216 };
    return (await promisify(execFile)(file, [], options)).stdout;
  }

  /** Has a turn at the machine's files until the function it returns is called. */
  async takeTurn(): Promise<() => Promise<void>> {
    const file = join(this.root, 'var/lib/bayou/turn');
    const holder = spawn('/usr/bin/flock', [file, 'cat'], { stdio: 'pipe' });
    holder.stdin.write('mine\n');
    await once(holder.stdout, 'data');
    return async () => {
      holder.stdin.end();
      await once(holder, 'exit');
    };
  }

  read(path: string): string {
    const file = join(this.root, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  write(path: string, text: string, mode?: number): void {
    writeFileSync(join(this.root, path), text, { mode });
  }
}
