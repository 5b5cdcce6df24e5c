import { once } from 'node:events';
import { connect } from 'node:net';
import { freePorts } from './free-ports.js';
import { type ServerGroup, waitUntilReady } from './process-group.js';
import type { Programs } from './programs.js';

/** Redis that writes nothing to the disk. @returns its `redis://` URL */
export async function startRedis(group: ServerGroup, programs: Programs): Promise<string> {
  const [port] = await freePorts(1);
  const server = group.launch('redis', [
    programs['redis-server'],
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', group.folder],
  ]);
  await waitUntilReady(server, async () => {
    const answer = await askRedis(Number(port), 'PING');
    if (!answer.startsWith('+PONG')) throw new Error(`Redis answers ${answer}`);
  });
  return `redis://127.0.0.1:${port}/0`;
}

/** Sends one command. @returns the answer as it comes over the wire */
export async function askRedis(port: number, command: 'PING' | 'FLUSHALL'): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(2000) });
    return String(answer);
  } finally {
    socket.destroy();
  }
}
