import type { Clock } from '../common/clock.js';

interface Entry<T> {
  value: T;
  expiresAt: number;
}

/**
 * Answers that are good for a while. Callers that ask for the same thing at the same time share one
 * look-up; the least recently used entry goes when the cache is full; failures are not kept.
 */
export class LookupCache<T> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #underWay = new Map<string, Promise<T>>();

  constructor(clock: Clock, maxEntries: number) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  /** `lifetimeMs` says how long a fresh value is good; 0 or less: it is not kept. */
  async get(key: string, load: () => Promise<T>, lifetimeMs: (value: T) => number): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#clock.now() < known.expiresAt) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value;
    }
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const loading = this.#load(key, load, lifetimeMs).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, loading);
    return loading;
  }

  /** What is under way stays: it is as fresh as another look. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  async #load(key: string, load: () => Promise<T>, lifetimeMs: (value: T) => number): Promise<T> {
    const value = await load();
    this.#entries.delete(key);
    const lifetime = lifetimeMs(value);
    if (lifetime <= 0) return value;
    this.#entries.set(key, { value, expiresAt: this.#clock.now() + lifetime });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#maxEntries && !oldest.done) this.#entries.delete(oldest.value);
    return value;
  }
}
