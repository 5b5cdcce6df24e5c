import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what Linux gives to outgoing connections (32768 and on, net.ipv4.ip_local_port_range): from there, a port that
 * is free now may be some connection's own a second later, when the server that it was meant for starts.
 */
const FIRST = 15_000;
const LAST = 32_767;
const MAX_TRIES = 200;

/** Ports that nobody listens on just now, all different; drawn by chance, so that two who ask at once rarely meet. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === MAX_TRIES) throw new Error(`No ${count} free ports from ${FIRST} to ${LAST}`);
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
