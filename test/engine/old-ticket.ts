import { createRequest } from '../../common/x509.js';
import type { Server } from '../../devstack/devcloud/compute/state.js';
import { createHttpsSend, type NodeResponse } from '../../devstack/devcloud/player/https-send.js';
import { readUserData } from '../../devstack/devcloud/player/user-data.js';
import type { World } from '../simulation/world.js';

/** What somebody has who has read a server's user data: its ticket, and where to go with it. */
export class OldTicket {
  readonly ticket: string;
  readonly #world: World;
  readonly #listener: { url: string; ca: string };
  #request: Promise<{ csrPem: string }> | undefined;

  constructor(world: World, server: Server) {
    const userData = readUserData(Buffer.from(server.userData, 'base64').toString('utf8'));
    if (userData === undefined) throw new Error(`${server.name} has no user data of a node`);
    this.ticket = userData.ticket;
    this.#world = world;
    this.#listener = userData.node.listener;
  }

  /** Asks to be that node, with a key of its own that stays the same. */
  async enrol(more: { invitation?: string } = {}): Promise<NodeResponse> {
    this.#request ??= createRequest({ commonName: 'somebody' });
    const { csrPem: csr } = await this.#request;
    const { clock } = this.#world;
    const { url, ca } = this.#listener;
    const send = createHttpsSend(clock);
    let answer: NodeResponse | undefined;
    clock.after(0, async () => {
      const body = { ticket: this.ticket, csr, ...more };
      answer = await send({ method: 'POST', path: '/v1/enrol', url, identity: { ca }, body });
    });
    await clock.runUntil(() => answer !== undefined, { limitMs: 60_000 });
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }
}
