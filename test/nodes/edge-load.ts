import { Agent, type AgentOptions, get } from 'node:http';

const FAST_EVERY_MS = 100;
const ANSWER_LIMIT_MS = 30_000;

export interface LoadAnswer {
  /** Epoch milliseconds. */
  askedAt: number;
  /** Who answered: what the application prints. */
  text: string;
}

export interface LoadResult {
  answers: LoadAnswer[];
  /** When, in seconds since the first question, and why. */
  failures: string[];
}

interface Asker {
  path: string;
  everyMs: number;
  /** Without: a new connection for each request. */
  agent?: AgentOptions;
}

/** Some that connect anew each time, some that keep their connection, and some whose answer takes seconds. */
const ASKERS: Asker[] = [
  { path: '/', everyMs: FAST_EVERY_MS },
  { path: '/', everyMs: FAST_EVERY_MS },
  { path: '/', everyMs: FAST_EVERY_MS, agent: { keepAlive: true, maxSockets: 1 } },
  { path: '/', everyMs: FAST_EVERY_MS, agent: { keepAlive: true, maxSockets: 1 } },
  { path: '/?seconds=2', everyMs: 0 },
  { path: '/?seconds=3', everyMs: 0, agent: { keepAlive: true, maxSockets: 1 } },
  { path: '/?seconds=4', everyMs: 0 },
];

/** Requests to one host name of an edge, side by side, until it is stopped. */
export class EdgeLoad {
  readonly #address: string;
  readonly #host: string;
  readonly #since = Date.now();
  readonly #result: LoadResult = { answers: [], failures: [] };
  readonly #ends: Promise<void>[];
  #isAsking = true;

  constructor(address: string, host: string) {
    this.#address = address;
    this.#host = host;
    this.#ends = ASKERS.map((asker) => this.#run(asker));
  }

  /** So far. */
  get result(): LoadResult {
    return this.#result;
  }

  /** Once all that was asked is answered. */
  async stop(): Promise<LoadResult> {
    this.#isAsking = false;
    await Promise.all(this.#ends);
    return this.#result;
  }

  async #run({ path, everyMs, agent: options }: Asker): Promise<void> {
    const agent = options === undefined ? false : new Agent(options);
    while (this.#isAsking) {
      const askedAt = Date.now();
      await ask({ address: this.#address, host: this.#host, path, agent }).then(
        (text) => this.#result.answers.push({ askedAt, text }),
        (error: Error) =>
          this.#result.failures.push(`${((askedAt - this.#since) / 1000).toFixed(1)} ${path} ${error.message}`),
      );
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - (Date.now() - askedAt))));
    }
    if (agent !== false) agent.destroy();
  }
}

interface Question {
  address: string;
  host: string;
  path?: string;
  agent?: Agent | false;
}

/** @throws Error when it is not a whole 200 in time */
export function ask({ address, host, path = '/', agent = false }: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const request = get({ host: address, path, agent, signal, headers: { Host: host } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text.trim()) : reject(new Error(`status ${response.statusCode}`)),
      );
      response.on('close', () => reject(new Error('the answer was cut off')));
    });
    request.on('error', reject);
  });
}
