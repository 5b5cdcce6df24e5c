import autocannon, { type Result } from 'autocannon';
import { percentile } from './statistics.js';

export interface LoadOrder {
  url: string;
  headers: Record<string, string>;
  connections: number;
  /** Either for a time or for a number of requests. */
  seconds?: number;
  requests?: number;
  /** Sent as JSON with POST; without it the request is a GET. */
  body?: unknown;
}

export interface LoadResult {
  requests: number;
  requestsPerSecond: number;
  p99Ms: number;
}

const TIMEOUT_SECONDS = 30;

/** Asks as fast as answers come, over kept connections. @throws Error when any answer is not a 2xx. */
export async function load(order: LoadOrder): Promise<LoadResult> {
  const times: number[] = [];
  const startedAt = performance.now();
  const result = await new Promise<Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: order.url,
        connections: order.connections,
        timeout: TIMEOUT_SECONDS,
        headers: { ...order.headers, ...(order.body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(order.body === undefined ? {} : { method: 'POST', body: JSON.stringify(order.body) }),
        ...(order.requests === undefined ? { duration: order.seconds ?? 1 } : { amount: order.requests }),
      },
      (error, answer) => (error === null ? resolve(answer) : reject(error)),
    );
    instance.on('response', (_client, _status, _bytes, milliseconds) => void times.push(milliseconds));
  });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`${order.url}: ${result.non2xx} answers that are no 2xx, ${result.errors} errors`);
  }
  const seconds = order.requests === undefined ? result.duration : (performance.now() - startedAt) / 1000;
  return {
    requests: result['2xx'],
    requestsPerSecond: result['2xx'] / seconds,
    p99Ms: percentile(times, 0.99),
  };
}
