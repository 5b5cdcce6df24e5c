import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type AuthContext, type Connection, Server, utils } from 'ssh2';
import { newSshKey, sshPublicKey } from '../../common/ssh/ssh-key.js';

/** What a host prints for a command, or a stream that takes its input and output over. */
type Answer = (command: string, channel: Duplex) => { output: Buffer | string; status?: number } | 'taken over';

export interface SshHostOptions {
  /** As in authorized_keys. */
  authorizedKey: string;
  /** Its own; default: a new one. PEM. */
  key?: string;
  answer: Answer;
}

/** A real SSH server on the loopback, for the address that a test says it has. */
export interface PlayedSshHost {
  /** As a node tells it when it enrols. */
  hostKey: string;
  /** What was asked of it, by whoever could log in. */
  asked: string[];
}

/** Real SSH servers that stand for hosts of any address: `dial` finds them, and nobody else. */
export class SshHosts {
  readonly #ports = new Map<string, number>();
  readonly #servers: Server[] = [];

  async add(address: string, { authorizedKey, key = newSshKey(), answer }: SshHostOptions): Promise<PlayedSshHost> {
    const asked: string[] = [];
    const server = new Server({ hostKeys: [key] }, (connection) =>
      serve(connection, authorizedKey, (command, channel) => {
        asked.push(command);
        return answer(command, channel);
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    this.#ports.set(address, (server.address() as AddressInfo).port);
    return { hostKey: sshPublicKey(key), asked };
  }

  /** Port 9 (discard) of the loopback refuses. */
  readonly dial = (address: string): Socket => connect({ host: '127.0.0.1', port: this.#ports.get(address) ?? 9 });

  /** What a host does for `reach ADDRESS`. */
  relay(address: string, channel: Duplex): 'taken over' {
    const socket = this.dial(address);
    socket.on('error', () => channel.destroy());
    channel.on('error', () => socket.destroy());
    channel.pipe(socket).pipe(channel);
    return 'taken over';
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function serve(connection: Connection, authorizedKey: string, answer: Answer): void {
  connection.on('error', () => {});
  connection.on('authentication', (attempt) => authenticate(attempt, authorizedKey));
  connection.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      channel.on('error', () => {});
      const answered = answer(command, channel);
      if (answered === 'taken over') return;
      channel.write(answered.output);
      channel.exit(answered.status ?? 0);
      channel.end();
    });
  });
}

function authenticate(attempt: AuthContext, authorizedKey: string): void {
  if (isAllowed(attempt, authorizedKey)) attempt.accept();
  else attempt.reject(['publickey']);
}

/** Without a signature the client only asks whether the key would do. */
function isAllowed(attempt: AuthContext, authorizedKey: string): boolean {
  const known = utils.parseKey(authorizedKey);
  if (attempt.method !== 'publickey' || known instanceof Error) return false;
  const { blob, hashAlgo, key, signature } = attempt;
  if (!key.data.equals(known.getPublicSSH())) return false;
  return blob === undefined || signature === undefined || known.verify(blob, signature, hashAlgo) === true;
}
