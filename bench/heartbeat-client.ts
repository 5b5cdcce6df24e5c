import { connect, type TLSSocket } from 'node:tls';

export interface NodeIdentity {
  key: string;
  cert: string;
}

const BODY = JSON.stringify({
  ready: true,
  orchestrator: { state: 'active', version: '26.1.5' },
  load: { cpu_percent: 3, memory_percent: 20, disk_percent: 10 },
});

/** One node that reports again as soon as it was answered, on a connection it keeps: as little work as possible here. */
export class HeartbeatClient {
  answers = 0;
  readonly #socket: TLSSocket;
  readonly #request: string;
  #received = '';
  #isStopped = false;
  failure: string | undefined;

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    const head = ['POST /v1/heartbeat HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json'];
    this.#request = [...head, `Content-Length: ${BODY.length}`, '', BODY].join('\r\n');
    socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => this.#fail(error.message)).on('close', () => this.#fail('the connection was closed'));
  }

  static open(url: URL, ca: string, identity: NodeIdentity): Promise<HeartbeatClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), ca, ...identity }, () =>
        resolve(new HeartbeatClient(socket, url.host)),
      );
      socket.once('error', reject);
    });
  }

  report(): void {
    this.#socket.write(this.#request);
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1]);
    if (head < 0 || this.#received.length < head + 4 + length) return;
    if (!this.#received.startsWith('HTTP/1.1 200')) {
      this.#fail(this.#received.slice(0, 200));
      return;
    }
    this.#received = '';
    this.answers += 1;
    if (!this.#isStopped) this.report();
  }

  #fail(reason: string): void {
    if (!this.#isStopped) this.failure ??= reason;
  }
}
