import type { NodeListenerConfig } from './context.js';

/** What one node may do in a time, so that a broken or hostile one harms neither the others nor the database. */
export interface Limits {
  requests: RateLimit;
  /** Signatures cost time, and each leaves a row. */
  signatures: RateLimit;
  /** Events that a node causes by its own doing. */
  events: RateLimit;
}

const HOUR_MS = 3_600_000;
const SIGNATURES_PER_HOUR = 60;
const EVENTS_PER_HOUR = 30;
/** Nodes remembered at most; whoever was silent longest is forgotten, and starts with a full allowance. */
const MAX_KEYS = 100_000;

export function createLimits(config: Pick<NodeListenerConfig, 'maxRequestsPerMinute'>): Limits {
  return {
    requests: new RateLimit(config.maxRequestsPerMinute, 60_000),
    signatures: new RateLimit(SIGNATURES_PER_HOUR, HOUR_MS),
    events: new RateLimit(EVENTS_PER_HOUR, HOUR_MS),
  };
}

interface Allowance {
  left: number;
  at: number;
}

/** A token bucket for each key: `count` at once, refilled evenly over `perMs`. */
export class RateLimit {
  private readonly allowances = new Map<string, Allowance>();
  private readonly count: number;
  private readonly perMs: number;

  constructor(count: number, perMs: number) {
    this.count = count;
    this.perMs = perMs;
  }

  /** False when the key has had its share. */
  take(key: string, now: number): boolean {
    const before = this.allowances.get(key) ?? { left: this.count, at: now };
    const left = Math.min(this.count, before.left + ((now - before.at) * this.count) / this.perMs);
    const taken = left >= 1;
    this.allowances.delete(key);
    this.allowances.set(key, { left: taken ? left - 1 : left, at: now });
    if (this.allowances.size > MAX_KEYS) this.forgetOldest();
    return taken;
  }

  private forgetOldest(): void {
    for (const key of this.allowances.keys()) {
      this.allowances.delete(key);
      return;
    }
  }
}
