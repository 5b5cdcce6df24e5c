import { z } from 'zod';
import type { Member, PlayedCluster, PlayedHealth } from './member.js';
import { type Action, attempt, call, type PlayedNode, textOf, Waiting } from './played-node.js';
import { joinSwarm, type Membership, newJoinToken, PlayedSwarm } from './played-swarm.js';
import { getCertificate } from './steps.js';

const TOKEN_ATTEMPTS = 150;
const TOKEN_WAIT_MS = 2000;
const DOCKER_VERSION = '20.10.24';

const mastersSchema = z.object({ masters: z.array(z.object({ name: z.string() })) });

export function playSwarm(): PlayedCluster {
  const swarm = new PlayedSwarm();
  return ({ node: { name } }) => new SwarmMember(swarm, name);
}

/** A machine with Docker, whether or not it is in the Swarm yet. */
class SwarmMember implements Member {
  readonly steps = {
    'docker-certificates': (node: PlayedNode) => getCertificate(node, 'docker-server'),
    'swarm-init': (node: PlayedNode) => this.#init(node),
    'swarm-join': (node: PlayedNode) => this.#join(node),
    'node-ready': () => this.#ready(),
  };
  readonly tasks = {
    drain: (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#swarm.demote(name);
      return `${name} is drained`;
    },
    'remove-node': (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#swarm.leave(name);
      return `${name} is no member any more`;
    },
    leave: () => {
      this.#swarm.leave(this.#name);
      this.#membership = undefined;
      return 'left';
    },
  };
  readonly #swarm: PlayedSwarm;
  readonly #name: string;
  #membership: Membership | undefined;
  /** Join tokens of the Swarm that this node made. */
  #tokens: { manager: string; worker: string } | undefined;

  constructor(swarm: PlayedSwarm, name: string) {
    this.#swarm = swarm;
    this.#name = name;
  }

  get hasPeers(): boolean {
    return this.#membership?.isManager === true && !this.#swarm.isAlone;
  }

  halt(haltedAt: number | undefined): void {
    this.#swarm.halt(this.#name, haltedAt);
  }

  health(now: number): PlayedHealth {
    const version = DOCKER_VERSION;
    if (this.#membership === undefined) return { ready: false, fields: { state: 'inactive', version } };
    const { nodeId, isManager } = this.#membership;
    const role = isManager ? 'manager' : 'worker';
    const seen = isManager ? this.#swarm.seenByManagers(now) : {};
    return { ready: true, fields: { state: 'active', version, node_id: nodeId, role, ...seen } };
  }

  async *#init(node: PlayedNode): Action {
    const { cluster, settings } = node.userData.node;
    if (this.#membership === undefined && (await isThere(node))) {
      const { masters } = mastersSchema.parse(settings);
      if (masters.length <= 1) throw new Error('the Swarm was on the disk that its only manager had');
      return yield* this.#join(node);
    }
    const { id } = cluster;
    // Done again after a failure, the Swarm is there and its tokens are the same.
    this.#tokens ??= { manager: newJoinToken(node.ids, id, 'manager'), worker: newJoinToken(node.ids, id, 'worker') };
    if (this.#membership === undefined) {
      this.#membership = { nodeId: node.ids.secret(18), isManager: true };
      this.#swarm.begin(this.#name, this.#membership);
    }
    for (const role of ['manager', 'worker'] as const) {
      yield* call(node, 'PUT', `/v1/secrets/swarm-${role}-token`, { value: this.#tokens[role] });
    }
  }

  async *#join(node: PlayedNode): Action {
    if (this.#membership !== undefined) return;
    const { cluster, node: self } = node.userData.node;
    const role = self.role === 'master' ? 'manager' : 'worker';
    for (let count = 0; count < TOKEN_ATTEMPTS; count++) {
      const answer = await attempt(node, 'GET', `/v1/secrets/swarm-${role}-token`);
      if (answer?.status === 200) {
        this.#membership = joinSwarm(node.ids, cluster.id, role, textOf(answer, 'value') ?? '');
        if (this.#membership === undefined) throw new Waiting('no manager took it in');
        this.#swarm.enter(self.name, this.#membership);
        return;
      }
      if (answer !== undefined && [401, 403, 410].includes(answer.status)) {
        throw new Error(`the join token was refused: ${JSON.stringify(answer.body)}`);
      }
      yield TOKEN_WAIT_MS;
    }
    throw new Waiting('no manager has handed over the join token yet');
  }

  // biome-ignore lint/correctness/useYield: a step that never waits is a step all the same.
  async *#ready(): Action {
    if (this.#membership === undefined) throw new Error('Docker says that the node is inactive in the Swarm');
  }
}

/** Whether somebody has made the Swarm before. */
async function isThere(node: PlayedNode): Promise<boolean> {
  const answer = await attempt(node, 'GET', '/v1/secrets/swarm-manager-token');
  if (answer?.status === 200) return true;
  if (answer?.status === 404) return false;
  throw new Waiting('nobody says whether the Swarm is there');
}
