import { get } from 'node:https';

const EVERY_MS = 100;
const ANSWER_LIMIT_MS = 2000;

export interface Answers {
  asked: number;
  /** When, in seconds since the first question, and why. */
  failures: string[];
  /** The longest time without an answer that was good. */
  longestGapMs: number;
}

/** Asks a cluster's API for the same thing every 100 ms, over a new connection each time, until it is stopped. */
export class AskingClient {
  readonly #ask: () => Promise<void>;
  readonly #since = performance.now();
  #lastGoodAt = this.#since;
  #isAsking = true;
  #answers: Answers = { asked: 0, failures: [], longestGapMs: 0 };
  readonly #end: Promise<void>;

  /** @param tls certificate of a client, as `openstack coe cluster config` gives it */
  constructor(url: string, tls: { ca: string; cert: string; key: string }) {
    this.#ask = () => answer(url, tls);
    this.#end = this.#run();
  }

  async stop(): Promise<Answers> {
    this.#isAsking = false;
    await this.#end;
    return this.#answers;
  }

  async #run(): Promise<void> {
    while (this.#isAsking) {
      const from = performance.now();
      this.#answers.asked++;
      await this.#ask().then(
        () => this.#noteGood(),
        (error: Error) => this.#answers.failures.push(`${((from - this.#since) / 1000).toFixed(1)} ${error.message}`),
      );
      const restMs = EVERY_MS - (performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)));
    }
  }

  #noteGood(): void {
    const now = performance.now();
    this.#answers.longestGapMs = Math.max(this.#answers.longestGapMs, Math.round(now - this.#lastGoodAt));
    this.#lastGoodAt = now;
  }
}

/** @throws Error when it is not a whole 200 in time */
function answer(url: string, tls: { ca: string; cert: string; key: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ...tls, agent: false, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
      response.on('close', () => reject(new Error('the answer was cut off')));
    });
    request.on('error', reject);
  });
}
