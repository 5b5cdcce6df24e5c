import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { createRequest, verifiedCertificate } from '../../../common/x509.js';
import { type Action, attempt, call, type PlayedNode, textOf } from './played-node.js';
import { joinSwarm, newJoinToken } from './played-swarm.js';

/**
 * What the steps' scripts do, as far as Bayou can tell the difference. A step without an entry does nothing but take
 * its time. A step that throws has failed; its message is the end of its log.
 */
export const PLAYED_STEPS: Record<string, (node: PlayedNode) => Action> = {
  'docker-certificates': dockerCertificates,
  'swarm-init': swarmInit,
  'swarm-join': swarmJoin,
  registry: registryLogin,
  'node-ready': nodeReady,
};

const registryLoginSchema = z.object({
  user_id: z.string().min(1),
  password: z.string().min(1),
  auth_url: z.url(),
  storage_url: z.url(),
  container: z.string().min(1),
});

const TOKEN_ATTEMPTS = 150;
const TOKEN_WAIT_MS = 2000;

async function* dockerCertificates(node: PlayedNode): Action {
  const { csrPem } = await createRequest({ commonName: 'node' });
  const answer = yield* call(node, 'POST', '/v1/certificates', { profile: 'docker-server', csr: csrPem });
  const certificate = new X509Certificate(textOf(answer, 'certificate') ?? '');
  const authority = new X509Certificate(textOf(answer, 'ca') ?? '');
  if (verifiedCertificate(certificate, authority, node.clock.now()) === undefined) {
    throw new Error('the certificate was not signed by the authority that came with it');
  }
}

async function* swarmInit(node: PlayedNode): Action {
  const { id } = node.userData.node.cluster;
  // Done again after a failure, the Swarm is there and its tokens are the same.
  node.tokens ??= { manager: newJoinToken(node.ids, id, 'manager'), worker: newJoinToken(node.ids, id, 'worker') };
  if (node.membership === undefined) {
    node.membership = { nodeId: node.ids.secret(18), isManager: true };
    node.swarm.begin(node.userData.node.node.name, node.membership);
  }
  for (const role of ['manager', 'worker'] as const) {
    yield* call(node, 'PUT', `/v1/secrets/swarm-${role}-token`, { value: node.tokens[role] });
  }
}

async function* swarmJoin(node: PlayedNode): Action {
  if (node.membership !== undefined) return;
  const { cluster, node: self } = node.userData.node;
  const role = self.role === 'master' ? 'manager' : 'worker';
  for (let count = 0; count < TOKEN_ATTEMPTS; count++) {
    const answer = await attempt(node, 'GET', `/v1/secrets/swarm-${role}-token`);
    if (answer?.status === 200) {
      node.membership = joinSwarm(node.ids, cluster.id, role, textOf(answer, 'value') ?? '');
      if (node.membership === undefined) throw new Error('no manager took it in');
      node.swarm.enter(self.name, node.membership);
      return;
    }
    if (answer !== undefined && [401, 403, 410].includes(answer.status)) {
      throw new Error(`the join token was refused: ${JSON.stringify(answer.body)}`);
    }
    yield TOKEN_WAIT_MS;
  }
  throw new Error('no manager has handed over the join token yet');
}

export async function* registryLogin(node: PlayedNode): Action {
  const answer = yield* call(node, 'GET', '/v1/secrets/registry-login');
  const login = registryLoginSchema.parse(JSON.parse(textOf(answer, 'value') ?? ''));
  node.say(`the registry logs in as ${login.user_id} to ${login.container}`);
}

// biome-ignore lint/correctness/useYield: a step that never waits is a step all the same.
async function* nodeReady(node: PlayedNode): Action {
  if (node.membership === undefined) throw new Error('Docker says that the node is inactive in the Swarm');
}
