import type { Answer, ApiClient } from '../support/api-fixture.js';

interface ShownNode {
  name: string;
  ready: boolean;
  addresses: { private: string | null };
  steps: { name: string; status: string; log_tail: string | null }[];
  orchestrator: Record<string, string>;
}

/** Prints what is new about a cluster each time it looks, with the seconds since its order. */
export class Narrator {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #since = performance.now();
  /** What was printed last, by what it is about. */
  readonly #said = new Map<string, string>();
  status = 'CREATE_IN_PROGRESS';
  isGone = false;

  constructor(client: ApiClient, uuid: string) {
    this.#client = client;
    this.#path = `/v1/clusters/${uuid}`;
  }

  get isSettled(): boolean {
    return this.isGone || !this.status.endsWith('_IN_PROGRESS');
  }

  async look(): Promise<void> {
    const [cluster, operations, events, nodes] = await Promise.all(
      ['', '/operations', '/events?limit=1000', '/nodes'].map((path) => this.#client.get(`${this.#path}${path}`)),
    );
    if (cluster === undefined || cluster.status === 404) this.isGone = cluster !== undefined;
    for (const event of listOf(events, 'events')) {
      this.#say(`event ${event.uuid}`, `event ${event.kind}: ${event.message}`);
    }
    for (const { uuid, kind, status, phase, reason } of listOf(operations, 'operations')) {
      const why = reason === null ? '' : `, ${reason.code}: ${reason.message}`;
      this.#say(uuid, `operation ${kind}: ${status} at ${phase}${why}`);
    }
    for (const node of listOf(nodes, 'nodes')) this.#tellNode(node);
    if (this.isGone) this.#say('cluster', 'the cluster is gone');
    else if (cluster?.status === 200) this.#tellCluster(cluster);
  }

  #tellCluster({ body }: Answer): void {
    this.status = body.status;
    const health = `${body.health_status ?? 'no health'} ${JSON.stringify(body.health_status_reason ?? {})}`;
    const why = body.status_reason === null ? '' : ` (${body.status_reason})`;
    this.#say('cluster', `${body.status}${why}, API ${body.api_address ?? 'not known'}, ${health}`);
  }

  #tellNode({ name, ready, addresses, steps, orchestrator }: ShownNode): void {
    for (const step of steps) {
      const log = step.status === 'failed' ? `\n${step.log_tail}` : '';
      this.#say(`${name} ${step.name}`, `${name}: step ${step.name} ${step.status}${log}`);
    }
    const said = JSON.stringify(orchestrator);
    this.#say(name, `${name}: ${addresses.private ?? 'no address'}, ${ready ? 'ready' : 'not ready'} ${said}`);
  }

  #say(about: string, text: string): void {
    if (this.#said.get(about) === text) return;
    this.#said.set(about, text);
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
    console.log(`[${seconds.padStart(6)}] ${text}`);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: lists of every shape.
function listOf(answer: Answer | undefined, name: string): any[] {
  return answer?.status === 200 ? answer.body[name] : [];
}
