import { systemClock } from '../../common/clock.js';
import { systemIds } from '../../common/ids.js';
import { silentLog } from '../../common/log.js';
import { createPlayer, type Playing } from '../../devstack/devcloud/player/player.js';
import type { Session } from '../../openstack/session.js';

const LOOK_MS = 1000;
const STEP_MS = 200;

interface ServerBody {
  id: string;
  name: string;
  status: string;
  addresses: Record<string, { addr: string; 'OS-EXT-IPS:type'?: string }[]>;
  'OS-EXT-SRV-ATTR:user_data': string | null;
}

/**
 * Plays the nodes of a project whose servers run nothing, from the user data that Nova keeps of them: what Heat made
 * of the template is what the nodes get.
 */
export class PlayedServers {
  readonly #service: Session;
  readonly #projectId: string;
  readonly #play = createPlayer({ clock: systemClock, ids: systemIds, log: silentLog }, { stepMs: STEP_MS });
  readonly #playing = new Map<string, Playing>();
  #stopped = false;
  #looking: Promise<void> | undefined;

  constructor(deps: { service: Session; projectId: string }) {
    this.#service = deps.service;
    this.#projectId = deps.projectId;
  }

  start(): void {
    this.#looking = this.#lookOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    for (const playing of this.#playing.values()) playing.stop();
  }

  /** Ids by name, as Nova tells them. */
  async serverIds(): Promise<Record<string, string>> {
    const servers = await listServerBodies(this.#service, this.#projectId);
    return Object.fromEntries(servers.map(({ name, id }) => [name, id]));
  }

  /** The ends of the nodes' consoles, for failures. */
  consoles(): string {
    const consoles = [...this.#playing].map(([id, playing]) => {
      const lines = playing.consoleLog().trimEnd().split('\n').slice(-5);
      return [`--- server ${id}`, ...lines].join('\n');
    });
    return consoles.join('\n');
  }

  async #lookOn(): Promise<void> {
    while (!this.#stopped) {
      // A cloud that does not answer for a moment is looked at again; a test has its own deadline.
      await this.#look().catch(() => {});
      await systemClock.sleep(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const servers = await listServerBodies(this.#service, this.#projectId);
    for (const [id, playing] of this.#playing) {
      if (servers.some((server) => server.id === id)) continue;
      playing.stop();
      this.#playing.delete(id);
    }
    for (const server of servers) {
      if (server.status !== 'ACTIVE' || this.#playing.has(server.id)) continue;
      const userData = Buffer.from(server['OS-EXT-SRV-ATTR:user_data'] ?? '', 'base64').toString('utf8');
      const { id, name } = server;
      this.#playing.set(id, this.#play({ id, name, userData, addresses: fixedAddresses(server) }));
    }
  }
}

/** Compute API 2.3: an admin sees the user data. */
async function listServerBodies(service: Session, projectId: string): Promise<ServerBody[]> {
  const { body } = await service.request<{ servers: ServerBody[] }>(
    {},
    {
      service: 'compute',
      method: 'GET',
      path: '/servers/detail',
      query: { all_tenants: 1, project_id: projectId },
      headers: { 'OpenStack-API-Version': 'compute 2.3' },
    },
  );
  return body.servers;
}

function fixedAddresses({ addresses }: ServerBody): string[] {
  const all = Object.values(addresses).flat();
  return all.filter((each) => each['OS-EXT-IPS:type'] !== 'floating').map(({ addr }) => addr);
}
