import { type Node, nodes } from '../../common/db/nodes.js';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../../drivers/node-stack.js';
import { VOLUME_PLACEHOLDERS } from '../../drivers/node-volumes.js';
import { renderUserData } from '../../drivers/user-data/cloud-init.js';
import { loadNodeFiles } from '../../drivers/user-data/files.js';
import type { ListenerFixture } from './listener-fixture.js';

export interface SwarmNode {
  row: Node;
  /** As Heat fills it. */
  userData: string;
}

/** Rows, secrets and user data of a Swarm of one manager and one worker, as the conductor makes them. */
export async function addSwarm(fixture: ListenerFixture): Promise<{ manager: SwarmNode; worker: SwarmNode }> {
  await fixture.addAuthority('cluster');
  await fixture.addSecret('swarm-manager-token', ['master'], ['master']);
  await fixture.addSecret('swarm-worker-token', ['*'], ['master']);
  const profile = { ca: 'cluster', commonName: 'web-master-0', usages: ['server' as const], names: ['127.0.0.1'] };
  const manager = await addNode(fixture, 'web-master-0', 'master', {
    addresses: { private: '10.0.0.5' },
    certificateProfiles: { 'docker-server': profile },
  });
  const worker = await addNode(fixture, 'web-worker-0', 'worker', {});
  return { manager, worker };
}

/** Of no cluster that there is. */
export const SSH_KEY = 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAw0';

const STEPS: Record<string, string[]> = {
  master: ['docker-install', 'docker-certificates', 'docker-configure', 'swarm-init', 'node-ready'],
  worker: ['docker-install', 'docker-configure', 'swarm-join', 'node-ready'],
};

interface MoreOfNode {
  settings?: Record<string, unknown>;
  steps?: string[];
  /** Ids of volumes by their purpose. */
  volumes?: Record<string, string>;
  /** Whose scripts. */
  driver?: string;
}

export async function addNode(
  fixture: ListenerFixture,
  name: string,
  role: string,
  more: Partial<Node>,
  { settings = {}, steps = STEPS[role] ?? [], volumes = {}, driver = 'swarm' }: MoreOfNode = {},
): Promise<SwarmNode> {
  const row = await fixture.addNode({ name, role, ...more });
  const nodeData = {
    version: 1,
    cluster: { id: row.clusterId, name: 'web' },
    node: { id: row.uuid, name, role, ordinal: 0, address: row.addresses.private ?? '' },
    listener: { url: fixture.url, ca: fixture.caPem },
    steps,
    heartbeat_seconds: 30,
    diagnostics: { ssh_key: SSH_KEY },
    settings: {
      masters: [{ name: 'web-master-0', address: '10.0.0.5' }],
      tls_disabled: false,
      api_port: 2376,
      api_host: '0.0.0.0',
      shared_address: '',
      volume_folder: '/var/lib/docker',
      container_service: 'docker',
      insecure_registry: 'registry.example:5000',
      http_proxy: '',
      https_proxy: 'http://proxy.example:3128/$(touch hacked)"\\`x`',
      no_proxy: '',
      ...settings,
    },
  };
  await nodes.update(fixture.knex, { uuid: row.uuid }, { nodeData });
  let userData = renderUserData({ files: loadNodeFiles({ name: driver }) })
    .replace(NODE_JSON_PLACEHOLDER, Buffer.from(JSON.stringify(nodeData)).toString('base64'))
    .replace(TICKET_PLACEHOLDER, fixture.ticket(row));
  for (const [purpose, placeholder] of Object.entries(VOLUME_PLACEHOLDERS)) {
    userData = userData.replace(placeholder, volumes[purpose] ?? '');
  }
  return { row, userData };
}
