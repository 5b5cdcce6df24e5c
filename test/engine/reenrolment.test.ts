import { events } from '../../common/db/events.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { reenrolments } from '../../common/db/reenrolments.js';
import { INVITATION_ITEM } from '../../common/invitation.js';
import { deleteServer, rebuildServer } from '../../devstack/devcloud/compute/server-lifecycle.js';
import type { Server } from '../../devstack/devcloud/compute/state.js';
import type { NodeBehaviour } from '../simulation/played-nodes.js';
import { OldTicket } from './old-ticket.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let scenario: Scenario;

afterEach(() => scenario.stop());

async function start(order: object, template?: typeof KUBERNETES_TEMPLATE, behaviour: NodeBehaviour = {}) {
  const settings = { BAYOU_NODE_LISTENER__CERTIFICATE_DAYS: '1' };
  scenario = await Scenario.start({ settings, nodes: behaviour }, template);
  await scenario.create(order);
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

function serverOf(ending: string): Server {
  const all = [...scenario.world.cloud.state.compute.servers.values()];
  const server = all.find(({ name }) => name.endsWith(ending));
  if (server === undefined) throw new Error(`no server ${ending}`);
  return server;
}

async function nodeOf(ending: string): Promise<Node> {
  const all = await scenario.world.db.read('check', (query) => nodes.list(query, {}));
  const node = all.find(({ name }) => name.endsWith(ending));
  if (node === undefined) throw new Error(`no node ${ending}`);
  return node;
}

function rebuild(server: Server): void {
  rebuildServer(scenario.world.cloud.state, server, server, server.imageId);
}

async function told(kind: string): Promise<string[]> {
  return (await scenario.world.db.read('check', (query) => events.list(query, { kind }))).map(({ message }) => message);
}

function requests(): Promise<unknown[]> {
  return scenario.world.db.read('check', (query) => reenrolments.list(query, {}));
}

/** Fake time until it holds. */
async function timeUntil(holds: () => Promise<boolean>, limitMs = HOUR_MS): Promise<number> {
  const since = scenario.world.clock.now();
  let lookedAt = -1;
  const look = async () => {
    if (scenario.world.writes === lookedAt) return false;
    lookedAt = scenario.world.writes;
    return await holds();
  };
  await scenario.world.clock.runUntil(look, { limitMs });
  return scenario.world.clock.now() - since;
}

async function untilBack(ending: string, before: Node): Promise<number> {
  return timeUntil(async () => {
    const { enrolledKey, ready } = await nodeOf(ending);
    return ready && enrolledKey !== before.enrolledKey;
  });
}

async function untilSettled(): Promise<void> {
  await timeUntil(async () => (await requests()).length === 0);
}

describe('a node whose server was rebuilt', () => {
  it('enrols again by itself, does its steps, and is well within two minutes', async () => {
    await start({ node_count: 2 });
    const before = await nodeOf('worker-0');
    const server = serverOf('worker-0');

    rebuild(server);
    const ms = await untilBack('worker-0', before);
    await untilSettled();
    await scenario.until((cluster) => cluster?.healthStatus === 'HEALTHY', MINUTE_MS);

    const after = await nodeOf('worker-0');
    expect(ms).toBeLessThan(2 * MINUTE_MS);
    expect(after).toMatchObject({ uuid: before.uuid, serverId: server.id, fault: undefined });
    expect(after.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(
      before.steps.map(({ name }) => `${name} done`),
    );
    expect(after.steps[0]?.at).toBeGreaterThan(before.steps[0]?.at ?? 0);
    expect(server.metadata).toEqual({ bayou_cluster: before.clusterId });
    expect(await told('reenrolment_allowed')).toEqual([
      expect.stringMatching(
        /^Node \S+worker-0 may enrol again within an hour, with what it finds .* rebuilt its server/,
      ),
    ]);
    expect(await told('node_enrolled_again')).toHaveLength(1);
  });

  it('as the first manager of three joins the others, and is a manager again', async () => {
    await start({ master_count: 3, node_count: 1, master_lb_enabled: true });
    const before = await nodeOf('master-0');

    rebuild(serverOf('master-0'));
    await untilBack('master-0', before);
    await scenario.until((cluster) => cluster?.healthStatus === 'HEALTHY', 2 * MINUTE_MS);

    expect((await nodeOf('master-0')).orchestrator).toMatchObject({ role: 'manager', managers_reachable: '3/3' });
  });

  it('as the only manager says that the Swarm is lost', async () => {
    await start({ node_count: 1 });

    rebuild(serverOf('master-0'));
    await timeUntil(async () => (await nodeOf('master-0')).fault !== undefined);

    expect((await nodeOf('master-0')).fault?.message).toContain('the Swarm was on the disk');
  });

  it('as a node of Kubernetes is Ready again under its name', async () => {
    await start({ node_count: 2 }, KUBERNETES_TEMPLATE);
    const before = await nodeOf('worker-0');

    rebuild(serverOf('worker-0'));
    await untilBack('worker-0', before);
    await scenario.until((cluster) => cluster?.healthStatus === 'HEALTHY', 2 * MINUTE_MS);

    expect((await nodeOf('worker-0')).orchestrator).toMatchObject({ state: 'ready' });
  });

  it('as a master of Kubernetes says that its member of etcd is lost', async () => {
    await start({ master_count: 3, node_count: 0, master_lb_enabled: true }, KUBERNETES_TEMPLATE);

    rebuild(serverOf('master-1'));
    await timeUntil(async () => (await nodeOf('master-1')).fault !== undefined);

    expect((await nodeOf('master-1')).fault?.message).toContain('member of etcd');
  });

  it('that does not come back has its invitation taken away after an hour', async () => {
    let hangs = false;
    await start({ node_count: 1 }, undefined, { silent: (name) => hangs && name.endsWith('worker-0') });
    const server = serverOf('worker-0');
    const thief = new OldTicket(scenario.world, server);
    hangs = true;

    rebuild(server);
    await scenario.world.clock.advance(5000);
    await thief.enrol();
    await timeUntil(async () => INVITATION_ITEM in server.metadata);
    await untilSettled();

    expect(server.metadata).not.toHaveProperty(INVITATION_ITEM);
    expect(await told('reenrolment_unused')).toHaveLength(1);
  });
});

describe('a cluster that was off until its certificates had run out', () => {
  let off = false;

  beforeEach(async () => {
    off = false;
    await start({ node_count: 1 }, undefined, { silent: () => off });
  });

  /** Nothing runs, Bayou neither. */
  async function powerCut(): Promise<void> {
    off = true;
    scenario.world.killAll();
    await scenario.world.clock.advance(DAY_MS + HOUR_MS);
  }

  it('enrols again with the keys that its nodes have, and goes on where it was', async () => {
    const before = await nodeOf('worker-0');

    await powerCut();
    off = false;
    await scenario.world.startProcess();
    const ms = await timeUntil(async () => (await told('node_enrolled_again')).length === 2);
    await untilSettled();
    await scenario.until((cluster) => cluster?.healthStatus === 'HEALTHY', 2 * MINUTE_MS);

    expect(ms).toBeLessThan(2 * MINUTE_MS);
    const after = await nodeOf('worker-0');
    expect(after).toMatchObject({ enrolledKey: before.enrolledKey, enrolledAt: before.enrolledAt, ready: true });
    expect(after.steps).toEqual(before.steps);
    expect(serverOf('worker-0').metadata).not.toHaveProperty(INVITATION_ITEM);
    expect(await told('reenrolment_allowed')).toEqual(
      Array(2).fill(expect.stringMatching(/with the key that it has: its certificate is good no more since/)),
    );
  });

  it('lets nobody in without a key, whoever has a ticket', async () => {
    const thief = new OldTicket(scenario.world, serverOf('worker-0'));

    await powerCut();
    await scenario.world.startProcess();
    const first = await thief.enrol();
    await timeUntil(async () => (await told('reenrolment_allowed')).length > 0);
    const second = await thief.enrol();

    expect([first.status, second.status]).toEqual([403, 403]);
  });
});

describe('somebody who has the ticket of a node that is alive', () => {
  it('is refused and told, gets no invitation, and the node goes on', async () => {
    await start({ node_count: 1 });
    const before = await nodeOf('worker-0');
    const server = serverOf('worker-0');
    const thief = new OldTicket(scenario.world, server);

    const first = await thief.enrol();
    await timeUntil(async () => (await told('reenrolment_refused')).length > 0);
    const later = await thief.enrol();
    await scenario.world.clock.advance(HOUR_MS);

    expect([first.status, later.status]).toEqual([403, 403]);
    expect(server.metadata).toEqual({ bayou_cluster: before.clusterId });
    expect(await nodeOf('worker-0')).toMatchObject({ enrolledKey: before.enrolledKey, ready: true });
    expect(await told('ticket_refused')).toHaveLength(1);
    expect(await told('reenrolment_refused')).toEqual([
      expect.stringMatching(/may not: its certificate is good until .*, and Nova has not rebuilt/),
    ]);
    expect(await requests()).toEqual([]);
  });

  it('does not get in by the rebuild of its server, for the invitation goes to the server alone', async () => {
    await start({ node_count: 2 });
    const before = await nodeOf('worker-0');
    const server = serverOf('worker-0');
    const thief = new OldTicket(scenario.world, server);
    const neighbour = new OldTicket(scenario.world, serverOf('worker-1'));

    rebuild(server);
    await scenario.world.clock.advance(2000);
    const first = await thief.enrol();
    await timeUntil(async () => INVITATION_ITEM in server.metadata);
    const guessed = await thief.enrol({ invitation: 'x'.repeat(43) });
    const elsewhere = await neighbour.enrol({ invitation: server.metadata[INVITATION_ITEM] ?? '' });
    await untilBack('worker-0', before);
    const afterwards = await thief.enrol({ invitation: server.metadata[INVITATION_ITEM] ?? '' });

    expect([first, guessed, elsewhere, afterwards].map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect((await nodeOf('worker-1')).ready).toBe(true);
  });

  it('is refused when its server is not in Nova any more', async () => {
    await start({ node_count: 1 });
    const server = serverOf('worker-0');
    const thief = new OldTicket(scenario.world, server);
    deleteServer(scenario.world.cloud.state, server);

    await thief.enrol();
    await timeUntil(async () => (await told('reenrolment_refused')).length > 0);

    expect(await told('reenrolment_refused')).toEqual([expect.stringContaining('its server is not in Nova any more')]);
  });
});
