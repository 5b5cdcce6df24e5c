import { createNodeListener } from '../../api/node-listener/node-listener.js';
import { ensureAuthority } from '../../common/authorities.js';
import { openDatabase } from '../../common/db/database.js';
import { type Event, events } from '../../common/db/events.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { openOperation, operations } from '../../common/db/operations.js';
import { secrets } from '../../common/db/secrets.js';
import { issueTicket } from '../../common/enrolment-ticket.js';
import { silentLog } from '../../common/log.js';
import { Sealer } from '../../common/sealing.js';
import { createRequest } from '../../common/x509.js';
import { migrationSource } from '../../migrations/migrations.js';
import { FakeClock } from './fake-clock.js';
import { FakeIds } from './fake-ids.js';
import { type NodeAnswer, NodeClient } from './node-client.js';

export const HOUR_MS = 3_600_000;

export interface FixtureOptions {
  maxRequestsPerMinute?: number;
  heartbeatSeconds?: number;
  certificateDays?: number;
  /** Clients that verify the listener's certificate by the machine's clock need the machine's time. */
  clock?: FakeClock;
  connection?: string;
}

/** A real node listener over HTTPS with a real database, and rows to ask it about. */
export async function startListenerFixture(options: FixtureOptions = {}) {
  const clock = options.clock ?? new FakeClock({ startAt: Date.now() });
  const ids = new FakeIds(1);
  const sealer = new Sealer(Buffer.alloc(32, 7));
  const database = openDatabase({ connection: options.connection ?? 'sqlite://', maxPoolSize: 4 });
  await upgradeSchema(database.knex, migrationSource);
  const work: string[] = [];
  const db: typeof database = {
    ...database,
    read: (name, run) => {
      work.push(`read ${name}`);
      return database.read(name, run);
    },
    transaction: (name, run) => {
      work.push(`transaction ${name}`);
      return database.transaction(name, run);
    },
  };
  const notified: string[] = [];
  const listener = createNodeListener(
    { db, clock, ids, log: silentLog, sealer, notify: async (operationId) => void notified.push(operationId) },
    {
      host: '127.0.0.1',
      port: 0,
      publicUrl: undefined,
      heartbeatSeconds: options.heartbeatSeconds ?? 30,
      certificateDays: options.certificateDays ?? 30,
      maxRequestsPerMinute: options.maxRequestsPerMinute ?? 240,
      maxBodyBytes: 65_536,
    },
  );
  const { url, caPem } = await listener.start();
  const clients: NodeClient[] = [];
  const client = (identity: { key?: string; cert?: string } = {}) => {
    const made = new NodeClient(url, caPem, identity);
    clients.push(made);
    return made;
  };

  const fixture = {
    db,
    clock,
    ids,
    sealer,
    url,
    caPem,
    /** Names of what was done with the database, in order. */
    work,
    notified,
    client,
    async stop() {
      for (const one of clients) one.close();
      await listener.stop();
      await database.close();
    },
    async addNode(node: Partial<Node> = {}): Promise<Node> {
      const uuid = node.uuid ?? ids.uuid();
      const now = clock.now();
      await nodes.insert(database.knex, {
        uuid,
        clusterId: 'cluster-1',
        projectId: 'project-1',
        nodeGroupId: uuid,
        name: `node-${uuid.slice(0, 8)}`,
        role: 'worker',
        ordinal: 0,
        state: 'wanted',
        nodeData: {},
        certificateProfiles: {},
        ticketExpiresAt: now + HOUR_MS,
        addresses: {},
        steps: [],
        ready: false,
        load: {},
        orchestrator: {},
        createdAt: now,
        ...node,
      });
      return await fixture.node(uuid);
    },
    async node(uuid: string): Promise<Node> {
      const row = await nodes.find(database.knex, { uuid });
      if (row === undefined) throw new Error(`no node ${uuid}`);
      return row;
    },
    ticket(node: Node, expiresAt = node.ticketExpiresAt ?? 0): string {
      const { uuid: nodeId, clusterId, createdAt: issuedAt } = node;
      return issueTicket(sealer.derive('enrolment-ticket'), { nodeId, clusterId, issuedAt, expiresAt });
    },
    /** A node that has enrolled, with a client that knows it. */
    async enrolled(wanted: Partial<Node> = {}) {
      const node = await fixture.addNode(wanted);
      const { csrPem, privateKeyPem } = await createRequest({ commonName: 'any' });
      const answer = await client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem });
      if (answer.status !== 200) throw new Error(`enrol: ${JSON.stringify(answer.body)}`);
      const cert = String(answer.body.certificate);
      return { node, csrPem, key: privateKeyPem, cert, client: client({ key: privateKeyPem, cert }) };
    },
    async addSecret(name: string, readableBy: string[], writableBy: string[], owner = 'cluster-1') {
      await secrets.insert(database.knex, { owner, name, readableBy, writableBy, createdAt: clock.now() });
    },
    async setSecret(name: string, value: string, owner = 'cluster-1') {
      await secrets.update(database.knex, { owner, name }, { sealed: sealer.seal(`${owner}/${name}`, value) });
    },
    addAuthority(name: string, owner = 'cluster-1') {
      const deps = { sealer, ids, clock };
      return ensureAuthority(database, deps, { owner, name, commonName: name, days: 1825 });
    },
    /** An operation that waits, to be looked at in an hour. */
    async addWaitingOperation(clusterId = 'cluster-1'): Promise<string> {
      const uuid = ids.uuid();
      const now = clock.now();
      const deadlineAt = now + HOUR_MS;
      const owner = { clusterId, projectId: 'project-1', userId: 'user-1', requestId: undefined };
      await openOperation(database.knex, { uuid, ...owner, kind: 'create', params: {}, now, deadlineAt });
      await operations.update(database.knex, { uuid }, { status: 'waiting', dueAt: deadlineAt });
      return uuid;
    },
    events(kind: string): Promise<Event[]> {
      return events.list(database.knex, { kind });
    },
    knex: database.knex,
  };
  return fixture;
}

export type ListenerFixture = Awaited<ReturnType<typeof startListenerFixture>>;

export function errorCode(answer: NodeAnswer): unknown {
  return (answer.body.error as { code?: unknown } | undefined)?.code;
}
