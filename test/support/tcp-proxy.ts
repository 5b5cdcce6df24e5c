import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between a client and a server that a test can cut. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#join(client));
  #target: { host: string; port: number };
  #blocked = false;
  #port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** @returns the port to connect to instead of the target's. */
  async start(): Promise<number> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  /** Breaks all connections; new ones go to another server. */
  retarget(target: { host: string; port: number }): void {
    this.#target = target;
    this.cut();
  }

  /** Breaks all connections; new ones get through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks all connections and takes no new one, as a server that is down, until `restore`. */
  refuse(): void {
    this.#server.close();
    this.cut();
  }

  /** Lets no byte through and tells nobody, as a network that drops packets, until `restore`. */
  block(): void {
    this.#blocked = true;
    for (const socket of this.#sockets) socket.pause();
  }

  async restore(): Promise<void> {
    this.#blocked = false;
    if (!this.#server.listening) await this.start();
    for (const socket of this.#sockets) socket.resume();
  }

  async stop(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#blocked) from.pause();
    }
  }
}
