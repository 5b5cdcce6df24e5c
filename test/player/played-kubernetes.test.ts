import { certificates } from '../../common/db/certificates.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { silentLog } from '../../common/log.js';
import { createHttpsSend, type Send } from '../../devstack/devcloud/player/https-send.js';
import { createPlayer, type Playing } from '../../devstack/devcloud/player/player.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';
import { addKubernetes } from '../support/kubernetes-nodes.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { lossySend } from '../support/lossy-send.js';
import type { SwarmNode } from '../support/swarm-nodes.js';

const MINUTE_MS = 60_000;

describe('a played node of Kubernetes', () => {
  let fixture: ListenerFixture;
  let clock: FakeClock;
  let playing: Playing[] = [];
  const playerOver = (send: Send) =>
    createPlayer({ clock, ids: new FakeIds(9), log: silentLog, send }, { stepMs: 500 });

  beforeEach(async () => {
    clock = new FakeClock();
    fixture = await startListenerFixture({ clock });
    playing = [];
  });
  afterEach(async () => {
    for (const one of playing) one.stop();
    await fixture.stop();
  });

  function play(wanted: SwarmNode[], player = playerOver(createHttpsSend(clock))): void {
    for (const { row, userData } of wanted) {
      playing.push(player({ id: row.uuid, name: row.name, userData, addresses: [`10.0.0.${playing.length + 5}`] }));
    }
  }

  const row = (node: SwarmNode) => fixture.node(node.row.uuid);
  const allReady = async (some: SwarmNode[]) => (await Promise.all(some.map(row))).every(({ ready }) => ready);
  const untilReady = (some: SwarmNode[]) => clock.runUntil(() => allReady(some), { limitMs: 10 * MINUTE_MS });

  async function outcomeOf(on: SwarmNode, name: string, params: Record<string, string>): Promise<string | undefined> {
    const uuid = fixture.ids.uuid();
    const { clusterId, uuid: nodeId } = on.row;
    const createdAt = clock.now();
    const task = { uuid, clusterId, nodeId, taskKey: uuid, name, params, output: '', createdAt };
    await nodeTasks.insert(fixture.knex, { ...task, state: 'queued' });
    const find = () => nodeTasks.find(fixture.knex, { uuid });
    await clock.runUntil(async () => (await find())?.state !== 'queued', { limitMs: MINUTE_MS });
    const done = await find();
    return `${done?.state}: ${done?.output}`;
  }

  test('does the steps of its role; the worker is ready only when the API answers it', async () => {
    const { masters, worker } = await addKubernetes(fixture);
    const all = [...masters, worker];
    const player = playerOver(createHttpsSend(clock));
    play([worker], player);
    await clock.advance(2 * MINUTE_MS);
    expect((await row(worker)).steps.at(-1)).toMatchObject({ name: 'node-ready', status: 'started' });

    play(masters, player);
    await untilReady(all);

    for (const node of all) {
      const { nodeData, steps } = await row(node);
      expect(steps.map(({ name }) => name)).toEqual(nodeData.steps);
      expect(steps.every(({ status }) => status === 'done')).toBe(true);
    }
    expect((await row(worker)).orchestrator).toEqual({ role: 'worker', version: 'v1.20.2', state: 'ready' });
    const [master] = masters;
    const reported = async () => master && (await row(master)).orchestrator.nodes_ready === '2/2';
    await clock.runUntil(async () => (await reported()) === true, { limitMs: MINUTE_MS });
  });

  test.each(['before', 'after'] as const)(
    'gets there when every third message is lost %s it took effect, with each certificate for one key',
    async (when) => {
      const { masters, worker } = await addKubernetes(fixture);
      play([...masters, worker], playerOver(lossySend(clock, when)));

      await untilReady([...masters, worker]);

      expect(await certificates.list(fixture.knex, { name: 'bootstrap', kind: 'issued' })).toHaveLength(1);
    },
  );

  test('that is a master waits for most members of etcd, and says so when they do not come', async () => {
    const { masters } = await addKubernetes(fixture, 3);
    const [first, second] = masters;
    if (first === undefined || second === undefined) throw new Error('three were made');
    const player = playerOver(createHttpsSend(clock));
    play([first], player);
    await clock.runUntil(async () => (await row(first)).fault !== undefined, { limitMs: 10 * MINUTE_MS });
    expect((await row(first)).fault?.message).toBe(
      'Step control-plane of node web-master-0 waits: etcd has no quorum yet',
    );

    play([second], player);
    await untilReady([first, second]);

    expect((await row(first)).fault).toBeUndefined();
    expect((await row(second)).orchestrator).toMatchObject({ api: 'ok', nodes_down: 'web-master-2' });
  });

  test('that is a master drains and removes nodes', async () => {
    const { masters, worker } = await addKubernetes(fixture);
    const [master] = masters;
    if (master === undefined) throw new Error('one was made');
    play([master, worker]);
    await untilReady([master, worker]);
    const node = worker.row.name;

    expect(await outcomeOf(master, 'drain', { node, timeout_seconds: '60' })).toBe(
      `succeeded: node/${node} cordoned\nnode/${node} drained`,
    );
    playing[1]?.stop();
    expect(await outcomeOf(master, 'remove-node', { node })).toBe(`succeeded: node "${node}" deleted`);
    expect(await outcomeOf(master, 'drain', { node, timeout_seconds: '60' })).toBe(
      `succeeded: ${node} is no node of the cluster`,
    );
    expect(await outcomeOf(master, 'load-balancer', { masters: '10.0.0.5' })).toBe(
      'succeeded: HAProxy is before 10.0.0.5',
    );
  });
});
