import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder and the servers that live in it; all of it goes when `stop` is called or this process dies. */
export class ServerGroup {
  readonly folder = mkdtempSync(join(tmpdir(), 'bayou-test-'));
  readonly #guard: ChildProcess;

  constructor() {
    const loader = ['--require', require.resolve('tsx/cjs')];
    this.#guard = spawn(process.execPath, [...loader, join(__dirname, 'guard.ts'), this.folder], {
      detached: true,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.#guard.stdin?.on('error', () => {});
  }

  /** Starts a server in a process group of its own; its output goes to `<name>.log` in the folder. */
  launch(name: string, command: readonly string[], environment: Record<string, string> = {}): LaunchedServer {
    const logFile = join(this.folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      cwd: this.folder,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: this.folder, ...environment },
    });
    if (child.pid !== undefined) this.#guard.stdin?.write(`${child.pid}\n`);
    const launched: LaunchedServer = { name, logFile, exit: undefined, child };
    child.on('error', (error) => {
      launched.exit = error.message;
    });
    child.on('exit', (code, signal) => {
      launched.exit ??= `exit ${code ?? signal}`;
    });
    child.unref();
    return launched;
  }

  /** Leaves the servers running when this process ends. */
  keep(): void {
    this.#guard.stdin?.write('keep\n');
  }

  async stop(): Promise<void> {
    const ended = this.#guard.exitCode === null ? once(this.#guard, 'exit') : undefined;
    this.#guard.stdin?.end();
    await ended;
  }
}

export interface LaunchedServer {
  readonly name: string;
  readonly logFile: string;
  readonly child: ChildProcess;
  /** How it ended, once it has. */
  exit: string | undefined;
}

/** Ends a server and all its children at once. */
export async function killServer({ child }: LaunchedServer): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}

const READY_TIMEOUT_MS = 90_000;

/** Asks again and again until `probe` doesn't throw; fails early when the server has ended. */
export async function waitUntilReady(server: LaunchedServer, probe: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (server.exit !== undefined || Date.now() > deadline) {
        const lastLines = readFileSync(server.logFile, 'utf8').split('\n').slice(-30).join('\n');
        throw new Error(`${server.name} did not get ready (${server.exit ?? String(error)}):\n${lastLines}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
