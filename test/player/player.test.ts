import { certificates } from '../../common/db/certificates.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { silentLog } from '../../common/log.js';
import type { Send } from '../../devstack/devcloud/player/https-send.js';
import type { PlayerOptions } from '../../devstack/devcloud/player/life.js';
import { createPlayer, type Playing } from '../../devstack/devcloud/player/player.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { lossySend } from '../support/lossy-send.js';
import { addSwarm, type SwarmNode } from '../support/swarm-nodes.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

describe('a played node', () => {
  let fixture: ListenerFixture;
  let clock: FakeClock;
  let playing: Playing[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    fixture = await startListenerFixture({ clock });
    playing = [];
  });
  afterEach(async () => {
    for (const one of playing) one.stop();
    await fixture.stop();
  });

  function play(wanted: SwarmNode[], options: Partial<PlayerOptions> = {}, send?: Send): void {
    const deps = { clock, ids: new FakeIds(9), log: silentLog, ...(send === undefined ? {} : { send }) };
    const player = createPlayer(deps, { stepMs: 500, ...options });
    for (const { row, userData } of wanted) {
      playing.push(player({ id: row.uuid, name: row.name, userData, addresses: [`10.0.0.${playing.length + 5}`] }));
    }
  }

  const row = (node: SwarmNode) => fixture.node(node.row.uuid);
  const ready = async (node: SwarmNode) => (await row(node)).ready;

  async function queueTask(node: SwarmNode, name: string, params: Record<string, string>): Promise<string> {
    const uuid = fixture.ids.uuid();
    await nodeTasks.insert(fixture.knex, {
      uuid,
      clusterId: node.row.clusterId,
      nodeId: node.row.uuid,
      taskKey: uuid,
      name,
      params,
      state: 'queued',
      output: '',
      createdAt: clock.now(),
    });
    return uuid;
  }

  const task = (uuid: string) => nodeTasks.find(fixture.knex, { uuid });

  test('enrols, does its steps and becomes ready; the worker waits for the token of the manager', async () => {
    const { manager, worker } = await addSwarm(fixture);
    play([worker, manager]);

    await clock.runUntil(async () => (await ready(manager)) && (await ready(worker)), { limitMs: MINUTE_MS });

    const { steps, nodeData } = await row(manager);
    expect(steps.map(({ name }) => name)).toEqual(nodeData.steps);
    expect(steps.every(({ status }) => status === 'done')).toBe(true);
    expect((await row(manager)).orchestrator).toMatchObject({ state: 'active', role: 'manager' });
    expect(await row(worker)).toMatchObject({ addresses: { private: '10.0.0.5' }, orchestrator: { role: 'worker' } });
    expect(playing[0]?.consoleLog()).toContain('step swarm-join');
  });

  test('is the same at the same time in each run', async () => {
    const { manager, worker } = await addSwarm(fixture);
    const start = clock.now();
    play([manager, worker]);

    await clock.runUntil(() => ready(worker), { limitMs: MINUTE_MS });

    // Four steps of 500 ms; the token was asked for once, 1 s after the start, before it was there.
    expect(clock.now() - start).toBe(4000);
  });

  test('reports a step that fails and goes on when it works', async () => {
    const { manager } = await addSwarm(fixture);
    let broken = true;
    play([manager], { failStep: (_node, step) => (broken && step === 'docker-install' ? 'E: no network' : undefined) });

    await clock.runUntil(async () => (await row(manager)).fault !== undefined, { limitMs: MINUTE_MS });
    expect((await row(manager)).fault?.message).toBe('Step docker-install of node web-master-0 failed: E: no network');
    broken = false;
    await clock.runUntil(() => ready(manager), { limitMs: MINUTE_MS });

    expect((await row(manager)).fault).toBeUndefined();
  });

  test('fails at a step whose script is not in its user data', async () => {
    const { manager } = await addSwarm(fixture);
    const { nodeData } = await row(manager);
    const before = Buffer.from(JSON.stringify(nodeData)).toString('base64');
    const after = Buffer.from(JSON.stringify({ ...nodeData, steps: ['unheard-of'] })).toString('base64');
    play([{ ...manager, userData: manager.userData.replace(before, after) }]);

    await clock.runUntil(async () => (await row(manager)).fault !== undefined, { limitMs: MINUTE_MS });

    expect((await row(manager)).fault?.message).toContain('unheard-of.sh: No such file');
  });

  test('that hangs says nothing until it goes on', async () => {
    const { manager } = await addSwarm(fixture);
    let silent = true;
    play([manager], { silent: () => silent });
    await clock.advance(10 * MINUTE_MS);
    expect((await row(manager)).enrolledAt).toBeUndefined();

    silent = false;
    await clock.runUntil(() => ready(manager), { limitMs: MINUTE_MS });
  });

  test('does tasks and answers them; the next ones fail when ordered', async () => {
    const { manager } = await addSwarm(fixture);
    const failing = new Set(['remove-node']);
    play([manager], { failTask: (_node, name) => (failing.has(name) ? 'quorum lost' : undefined) });
    await clock.runUntil(() => ready(manager), { limitMs: MINUTE_MS });

    const drain = await queueTask(manager, 'drain', { node: 'web-worker-0', timeout_seconds: '60' });
    const remove = await queueTask(manager, 'remove-node', { node: 'web-worker-0' });
    const unknown = await queueTask(manager, 'format-disk', {});
    await clock.runUntil(async () => (await task(unknown))?.state !== 'queued', { limitMs: MINUTE_MS });

    expect(await task(drain)).toMatchObject({ state: 'succeeded', output: 'web-worker-0 is drained' });
    expect(await task(remove)).toMatchObject({ state: 'failed', output: 'quorum lost' });
    expect(await task(unknown)).toMatchObject({ state: 'failed' });
  });

  test.each(['before', 'after'] as const)(
    'gets there when every third message is lost %s it took effect',
    async (when) => {
      const { manager, worker } = await addSwarm(fixture);
      play([manager, worker], {}, lossySend(clock, when));

      await clock.runUntil(async () => (await ready(manager)) && (await ready(worker)), { limitMs: 5 * MINUTE_MS });

      expect(await fixture.events('ticket_refused')).toEqual([]);
    },
  );

  test('renews its certificate in time and goes on for months, and so does the listener', async () => {
    const patient = await startListenerFixture({ clock, heartbeatSeconds: 6 * 3600 });
    const { manager } = await addSwarm(patient);
    play([manager]);

    await clock.advance(100 * DAY_MS);

    const { lastSeen = 0 } = await patient.node(manager.row.uuid);
    expect(clock.now() - lastSeen).toBeLessThan(DAY_MS);
    const issued = await certificates.list(patient.knex, { nodeId: manager.row.uuid, name: 'node' });
    // What has ended is not kept, and no more than one is good beside the next.
    expect(issued.length).toBeLessThanOrEqual(2);
    expect(clock.now() - Math.max(...issued.map(({ createdAt }) => createdAt))).toBeLessThan(30 * DAY_MS);
    playing.pop()?.stop();
    await patient.stop();
  });

  test('whose row is gone says nothing more', async () => {
    const { manager } = await addSwarm(fixture);
    play([manager]);
    await clock.runUntil(() => ready(manager), { limitMs: MINUTE_MS });

    await nodes.delete(fixture.knex, { uuid: manager.row.uuid });
    await clock.advance(5 * MINUTE_MS);

    expect(playing[0]?.consoleLog()).toContain('not wanted any more');
  });

  test('that is switched off says nothing more', async () => {
    const { manager } = await addSwarm(fixture);
    play([manager]);
    await clock.runUntil(() => ready(manager), { limitMs: MINUTE_MS });
    await clock.advance(5000);
    const { lastSeen } = await row(manager);

    playing[0]?.stop();
    await clock.advance(10 * MINUTE_MS);

    expect((await row(manager)).lastSeen).toBe(lastSeen);
  });

  test('without user data of ours just runs', () => {
    const player = createPlayer({ clock, ids: new FakeIds(1), log: silentLog }, { stepMs: 1 });
    const pending = clock.pending();

    const machine = player({ id: '1', name: 'plain', userData: '#!/bin/sh\n', addresses: [] });

    expect(machine.consoleLog()).toContain('just runs');
    expect(clock.pending()).toBe(pending);
  });
});
