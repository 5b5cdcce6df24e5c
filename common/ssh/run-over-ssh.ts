import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, ServerHostKeyAlgorithm } from 'ssh2';
import { type Clock, systemClock } from '../clock.js';
import { errorText } from '../errors.js';

export interface SshHost {
  address: string;
  /** As in known_hosts, without the name: type and base64. A host that shows another one is told nothing. */
  hostKey: string;
}

export interface SshCommand {
  host: SshHost;
  /** A host that reaches it where we don't: standard input and output of `command` there are the connection. */
  through?: (SshHost & { command: string }) | undefined;
  user: string;
  /** PEM. */
  privateKey: string;
  command: string;
  /** Of what it prints. */
  maxBytes: number;
  /** For all of it. */
  timeoutMs: number;
}

/**
 * Runs a command and gives what it printed.
 * @throws SshError
 */
export type RunOverSsh = (command: SshCommand) => Promise<Buffer>;

/** `host_key`: the host shows another key than the one it is known by, or is known by none. */
export type SshProblem = 'host_key' | 'unreachable' | 'timeout' | 'failed' | 'too_large';

export class SshError extends Error {
  readonly problem: SshProblem;
  /** The host at fault. */
  readonly address: string;

  constructor(problem: SshProblem, address: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SshError';
    this.problem = problem;
    this.address = address;
  }
}

export interface SshOptions {
  /** Runs the timeouts. A test with a fake clock leaves it out: sockets live in real time. */
  clock?: Clock;
  /** Begins a TCP connection. */
  dial?: (address: string, port: number) => Socket;
}

const SSH_PORT = 22;
/** By the type of the known key, so that a host with several shows that one (RFC 8332 for RSA). */
const ALGORITHMS: Readonly<Record<string, ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};
const MAX_ERROR_CHARACTERS = 300;

/** With our own words for what goes wrong. */
export function createRunOverSsh({ clock = systemClock, dial = dialTcp }: SshOptions = {}): RunOverSsh {
  return async (command) => {
    const { address } = command.host;
    const late = new AbortController();
    const words = `it did not answer within ${command.timeoutMs / 1000} s`;
    const cancel = clock.after(command.timeoutMs, () => late.abort(new SshError('timeout', address, words)));
    const connection = new Connection(command, late.signal);
    try {
      return await connection.run(dial);
    } finally {
      cancel();
      connection.close();
    }
  };
}

function dialTcp(host: string, port: number): Socket {
  return connect({ host, port });
}

/** What one command needs; all of it ends with it. */
class Connection {
  readonly #command: SshCommand;
  readonly #signal: AbortSignal;
  readonly #sockets: Socket[] = [];
  readonly #clients: Client[] = [];

  constructor(command: SshCommand, signal: AbortSignal) {
    this.#command = command;
    this.#signal = signal;
  }

  async run(dial: NonNullable<SshOptions['dial']>): Promise<Buffer> {
    const { host, through, command } = this.#command;
    const nearest = through ?? host;
    const socket = dial(nearest.address, SSH_PORT);
    this.#sockets.push(socket);
    await this.#connected(socket, nearest);
    let client = await this.#logIn(socket, nearest);
    if (through !== undefined) {
      const relayed = await this.#execute(client, through, through.command);
      client = await this.#logIn(relayed, host);
    }
    return this.#readAll(await this.#execute(client, host, command), host);
  }

  close(): void {
    for (const client of this.#clients.reverse()) client.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connected(socket: Socket, { address }: SshHost): Promise<void> {
    socket.on('error', ignore);
    try {
      await once(socket, 'connect', { signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new SshError('unreachable', address, `port ${SSH_PORT} of ${address}: ${errorText(error)}`, error);
    }
  }

  /** A session over the stream, once the host has shown the key that it is known by. */
  #logIn(sock: Duplex, { address, hostKey }: SshHost): Promise<Client> {
    // Loaded only where it is used: most processes never need it.
    const ssh2 = require('ssh2') as typeof import('ssh2');
    const client = new ssh2.Client();
    this.#clients.push(client);
    const { user: username, privateKey } = this.#command;
    const [type = '', base64 = ''] = hostKey.split(/\s+/);
    const pinned = Buffer.from(base64, 'base64');
    let isAnother = false;
    return this.#until((resolve, reject) => {
      const serverHostKey = ALGORITHMS[type];
      if (serverHostKey === undefined)
        throw new SshError('host_key', address, `${address} has no host key that is known`);
      client.on('ready', () => resolve(client));
      client.on('error', (error) =>
        reject(isAnother ? otherKey(address) : new SshError('failed', address, `${address}: ${error.message}`, error)),
      );
      client.on('close', () => reject(new SshError('failed', address, `${address} closed the connection`)));
      client.connect({
        sock,
        username,
        privateKey,
        // Ours is the deadline.
        readyTimeout: 0,
        algorithms: { serverHostKey },
        hostVerifier: (key: Buffer) => {
          isAnother = !key.equals(pinned);
          return !isAnother;
        },
      });
    });
  }

  #execute(client: Client, { address }: SshHost, command: string): Promise<ClientChannel> {
    return this.#until((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) reject(new SshError('failed', address, `${address}: ${error.message}`, error));
        else resolve(channel.on('error', ignore));
      });
    });
  }

  #readAll(channel: ClientChannel, { address }: SshHost): Promise<Buffer> {
    const { maxBytes } = this.#command;
    const chunks: Buffer[] = [];
    let size = 0;
    let said = '';
    return this.#until((resolve, reject) => {
      channel.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBytes) chunks.push(chunk);
        else reject(new SshError('too_large', address, `${address} sent more than ${maxBytes} bytes`));
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-MAX_ERROR_CHARACTERS);
      });
      channel.on('close', (code?: number) => {
        if (code === 0) resolve(Buffer.concat(chunks));
        else reject(new SshError('failed', address, `${address}: it ended with ${code ?? 'no status'} ${said}`.trim()));
      });
    });
  }

  /** Settles once; at the latest when the time is up. */
  #until<T>(begin: (resolve: (value: T) => void, reject: (error: SshError) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#signal.throwIfAborted();
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason), { once: true });
      begin(resolve, reject);
    });
  }
}

function ignore(): void {}

function otherKey(address: string): SshError {
  return new SshError('host_key', address, `${address} shows another host key than the one that it enrolled with`);
}
