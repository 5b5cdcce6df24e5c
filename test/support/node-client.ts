import { Agent, request } from 'node:https';

export interface NodeAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
}

/** A node's side of the node listener: real TLS, with a client certificate once it has one. */
export class NodeClient {
  private readonly agent: Agent;
  private readonly url: string;

  constructor(url: string, ca: string, identity: { key?: string; cert?: string } = {}) {
    this.url = url;
    this.agent = new Agent({ keepAlive: true, ca, ...identity });
  }

  get(path: string): Promise<NodeAnswer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown): Promise<NodeAnswer> {
    return this.send('POST', path, JSON.stringify(body));
  }

  put(path: string, body: unknown): Promise<NodeAnswer> {
    return this.send('PUT', path, JSON.stringify(body));
  }

  send(method: string, path: string, body?: string, type = 'application/json'): Promise<NodeAnswer> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type };
      const outgoing = request(`${this.url}${path}`, { method, agent: this.agent, headers, timeout: 10_000 });
      outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) }),
        );
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
