import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templatePath } from '../../common/package-root.js';

export interface PlayedApp {
  id: string;
  labels?: Record<string, string>;
  healthChecks?: unknown[];
  tasks?: { id: string; state: string; host: string; ports: number[]; healthCheckResults?: unknown[] }[];
}

/** As much of a Marathon as the registrar asks, with applications as a test wants them. */
export class PlayedMarathon {
  apps: PlayedApp[] = [];
  leader: string | undefined;
  readonly #server: Server;
  readonly #listeners = new Set<ServerResponse>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PlayedMarathon> {
    const server = createServer();
    const marathon = new PlayedMarathon(server);
    server.on('request', (request, response: ServerResponse) => marathon.#answer(request.url ?? '', response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    marathon.leader = marathon.address;
    return marathon;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  tell(event: string): void {
    for (const listener of this.#listeners) listener.write(`event: ${event}\r\ndata: {}\r\n\r\n`);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(url: string, response: ServerResponse): void {
    if (url === '/v2/leader') response.end(JSON.stringify({ leader: this.leader }));
    else if (url === '/v2/apps?embed=apps.tasks') response.end(JSON.stringify({ apps: this.apps }));
    else if (url.startsWith('/v2/events?event_type=')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      this.#listeners.add(response);
      response.on('close', () => this.#listeners.delete(response));
    } else response.writeHead(404).end();
  }
}

/** The socket of an HAProxy that knows the servers which it is told of; its process is another after each reload. */
export class PlayedHaproxy {
  readonly commands: string[] = [];
  readonly #server = createSocketServer({ allowHalfOpen: true });
  readonly #process: () => number;

  constructor(process: () => number) {
    this.#process = process;
    this.#server.on('connection', (socket) => {
      socket.once('data', (data) => socket.end(`${this.#answer(String(data).trim())}\n`));
    });
  }

  async listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server.close();
  }

  #answer(command: string): string {
    if (command === 'show info') return `Name: HAProxy\nPid: ${100 + this.#process()}\n`;
    this.commands.push(command);
    if (command.endsWith('unheard-of state maint')) return 'No such server.\n';
    return command.startsWith('add server ') ? 'New server registered.\n' : '';
  }
}

/** A program of `templates/mesos/`, with an etcd, HAProxy and systemd that are files in a folder. */
export class DiscoveryProgram {
  readonly folder = mkdtempSync(join(tmpdir(), 'bayou-discovery-'));
  log = '';
  readonly #running: ChildProcess[] = [];

  constructor() {
    mkdirSync(join(this.folder, 'docker'));
  }

  start(program: string, settings: Record<string, string>): void {
    const running = spawn('python3', ['-IB', templatePath('mesos', program)], {
      detached: true,
      env: {
        PATH: `${join(__dirname, 'programs')}:/usr/sbin:/usr/bin:/sbin:/bin`,
        FAKE_NODE: this.folder,
        FAKE_ETCD: join(this.folder, 'etcd'),
        EDGE_CONFIG: join(this.folder, 'haproxy.cfg'),
        EDGE_STATUS: join(this.folder, 'status'),
        EDGE_SOCKET: join(this.folder, 'admin.sock'),
        ...settings,
      },
    });
    running.stderr.on('data', (text) => (this.log += String(text)));
    this.#running.push(running);
  }

  get etcd(): Record<string, string> {
    return JSON.parse(this.read('etcd') || '{}');
  }

  set etcd(entries: Record<string, string>) {
    writeFileSync(join(this.folder, 'etcd'), JSON.stringify(entries));
  }

  read(name: string): string {
    const file = join(this.folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** A file by whose presence something is broken, such as `etcd.away`. */
  break(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }

  mend(name: string): void {
    rmSync(join(this.folder, name));
  }

  get reloads(): number {
    return this.read('systemctl').split('reload-or-restart haproxy.service').length - 1;
  }

  async stop(): Promise<void> {
    for (const running of this.#running) {
      const exit = running.exitCode === null ? once(running, 'exit') : undefined;
      if (running.pid !== undefined && exit !== undefined) process.kill(-running.pid, 'SIGKILL');
      await exit;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
