import { NodeViews } from '../../api/node-listener/node-view.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { reason } from '../../common/reasons.js';
import { certificateInfo } from '../../common/x509.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

describe('reports of nodes', () => {
  let fixture: ListenerFixture;

  beforeEach(async () => {
    fixture = await startListenerFixture();
  });
  afterEach(() => fixture.stop());

  test('a failed step is the fault of its node with its last line, an event, and wakes the operation', async () => {
    const operationId = await fixture.addWaitingOperation();
    const { client, node } = await fixture.enrolled();

    await client.post('/v1/steps', { name: 'docker-install', status: 'started' });
    expect(fixture.notified).toEqual([]);
    await client.post('/v1/steps', { name: 'docker-install', status: 'failed', log_tail: 'apt-get\nno network\n' });

    const row = await fixture.node(node.uuid);
    expect(row.steps).toMatchObject([{ name: 'docker-install', status: 'failed', logTail: 'apt-get\nno network' }]);
    expect(row.fault).toMatchObject({
      code: 'node_step_failed',
      message: `Step docker-install of node ${node.name} failed: no network`,
    });
    expect(fixture.notified).toEqual([operationId]);
    expect(await fixture.events('node_step_failed')).toHaveLength(1);
  });

  test('the same failure is told once, and is over when the step is done', async () => {
    const { client, node } = await fixture.enrolled();
    for (let attempt = 0; attempt < 3; attempt++) {
      await client.post('/v1/steps', { name: 'a', status: 'started' });
      await client.post('/v1/steps', { name: 'a', status: 'failed', log_tail: 'no' });
    }

    await client.post('/v1/steps', { name: 'b', status: 'done' });
    expect((await fixture.node(node.uuid)).fault).toBeDefined();
    await client.post('/v1/steps', { name: 'a', status: 'done' });

    const row = await fixture.node(node.uuid);
    expect(row.fault).toBeUndefined();
    expect(row.steps.map(({ name, status }) => [name, status])).toEqual([
      ['a', 'done'],
      ['b', 'done'],
    ]);
    expect(await fixture.events('node_step_failed')).toHaveLength(1);
  });

  test('a step that waits for others is told as that, once, with its last line, and wakes the operation', async () => {
    const operationId = await fixture.addWaitingOperation();
    const { client, node } = await fixture.enrolled();
    for (let attempt = 0; attempt < 2; attempt++) {
      await client.post('/v1/steps', { name: 'a', status: 'started' });
      await client.post('/v1/steps', { name: 'a', status: 'waiting', log_tail: 'curl\nno answer yet\n' });
    }

    const row = await fixture.node(node.uuid);
    expect(row.steps).toMatchObject([{ name: 'a', status: 'waiting', logTail: 'curl\nno answer yet' }]);
    expect(row.fault).toMatchObject({
      code: 'node_step_waiting',
      message: `Step a of node ${node.name} waits: no answer yet`,
    });
    expect(fixture.notified).toContain(operationId);
    expect(await fixture.events('node_step_waiting')).toHaveLength(1);
    await client.post('/v1/steps', { name: 'a', status: 'done' });
    expect((await fixture.node(node.uuid)).fault).toBeUndefined();
  });

  test('a step that is done leaves a fault of another kind alone', async () => {
    const { client, node } = await fixture.enrolled();
    await nodes.update(fixture.knex, { uuid: node.uuid }, { fault: reason('node_silent', 'silent') });

    await client.post('/v1/steps', { name: 'a', status: 'done' });

    expect((await fixture.node(node.uuid)).fault?.code).toBe('node_silent');
  });

  test('steps are limited in number and in the form of their names', async () => {
    const { client, node } = await fixture.enrolled();

    const statuses: number[] = [];
    for (let step = 0; step < 65; step++) {
      statuses.push((await client.post('/v1/steps', { name: `s${step}`, status: 'done' })).status);
    }

    expect(statuses.slice(-2)).toEqual([200, 400]);
    expect((await fixture.node(node.uuid)).steps).toHaveLength(64);
    expect((await client.post('/v1/steps', { name: '../x', status: 'done' })).status).toBe(400);
  });

  test('a heartbeat without news costs one read and no write; who was seen is written together', async () => {
    const a = await fixture.enrolled();
    const b = await fixture.enrolled();
    const report = { ready: false, load: { cpu_percent: 3.5 } };
    await a.client.post('/v1/heartbeat', report);
    await b.client.post('/v1/heartbeat', report);
    await fixture.clock.advance(5000);
    fixture.work.length = 0;

    await a.client.post('/v1/heartbeat', report);
    const answer = await b.client.post('/v1/heartbeat', report);

    expect(answer.body).toEqual({ interval_seconds: 30, tasks: [] });
    expect(fixture.work).toEqual(['read nodes-view', 'read nodes-view']);
    await fixture.clock.advance(5000);
    expect(fixture.work.slice(2)).toEqual(['transaction nodes-touch']);
    expect((await fixture.node(a.node.uuid)).lastSeen).toBe(fixture.clock.now());
  });

  test('nodes that report together are read together', async () => {
    const { node } = await fixture.enrolled();
    const views = new NodeViews(fixture.db);
    fixture.work.length = 0;

    const uuids = [...Array.from({ length: 49 }, () => node.uuid), 'unknown'];
    const found = await Promise.all(uuids.map((uuid) => views.find(uuid)));

    expect(found.map((view) => view?.name)).toEqual([...Array.from({ length: 49 }, () => node.name), undefined]);
    expect(fixture.work).toEqual(['read nodes-view', 'read nodes-view']);
  });

  test('a node that becomes ready is written at once, told, and wakes the operation', async () => {
    const operationId = await fixture.addWaitingOperation();
    const { client, node } = await fixture.enrolled();

    const answer = await client.post('/v1/heartbeat', {
      ready: true,
      addresses: { private: '10.0.0.7' },
      orchestrator: { state: 'active', version: '20.10.24' },
    });

    expect(answer.body.interval_seconds).toBe(5);
    expect(await fixture.node(node.uuid)).toMatchObject({
      ready: true,
      addresses: { private: '10.0.0.7' },
      orchestrator: { state: 'active', version: '20.10.24' },
      lastSeen: fixture.clock.now(),
    });
    expect(fixture.notified).toEqual([operationId]);
    expect(await fixture.events('node_ready')).toHaveLength(1);
  });

  test('an address that the cloud has told stays', async () => {
    const { client, node } = await fixture.enrolled({ addresses: { private: '10.0.0.7' } });

    await client.post('/v1/heartbeat', { ready: false, addresses: { private: '10.9.9.9' } });

    expect((await fixture.node(node.uuid)).addresses).toEqual({ private: '10.0.0.7' });
  });

  test('tasks are handed out until they are answered, to their own node only', async () => {
    const operationId = await fixture.addWaitingOperation();
    const manager = await fixture.enrolled({ role: 'master' });
    const other = await fixture.enrolled();
    const id = fixture.ids.uuid();
    await nodeTasks.insert(fixture.knex, {
      uuid: id,
      clusterId: 'cluster-1',
      nodeId: manager.node.uuid,
      taskKey: 'drain x',
      name: 'drain',
      params: { node: 'x' },
      state: 'queued',
      output: '',
      createdAt: fixture.clock.now(),
    });
    const answer = { id, state: 'succeeded', output: 'moved\u001b[31m all, token=abc' };

    const first = await manager.client.post('/v1/heartbeat', { ready: false });
    await other.client.post('/v1/heartbeat', { ready: false, tasks: [answer] });
    const second = await manager.client.post('/v1/heartbeat', { ready: false });
    const third = await manager.client.post('/v1/heartbeat', { ready: false, tasks: [answer] });

    expect(first.body.tasks).toEqual([{ id, name: 'drain', params: { node: 'x' } }]);
    expect(second.body.tasks).toEqual(first.body.tasks);
    expect(third.body.tasks).toEqual([]);
    expect(await nodeTasks.find(fixture.knex, { uuid: id })).toMatchObject({
      state: 'succeeded',
      output: 'moved all, token=***',
      finishedAt: fixture.clock.now(),
    });
    expect(fixture.notified).toEqual([operationId]);
  });

  test('a node in the second half of its certificate gets the next one', async () => {
    const { client, csrPem, node } = await fixture.enrolled();
    expect((await client.post('/v1/heartbeat', { ready: false, csr: csrPem })).body.certificate).toBeUndefined();
    await fixture.clock.advance(16 * 24 * 3_600_000);

    const answer = await client.post('/v1/heartbeat', { ready: false, csr: csrPem });

    const info = certificateInfo(String(answer.body.certificate));
    expect(info.commonName).toBe(node.uuid);
    expect(info.notAfter).toBeGreaterThan(fixture.clock.now() + 29 * 24 * 3_600_000);
  });

  test.each([
    [{ ready: 'yes' }, 'ready'],
    [{ ready: true, addresses: { private: 'x' } }, 'addresses.private'],
    [{ ready: true, load: { cpu_percent: 900 } }, 'load.cpu_percent'],
    [{ ready: true, orchestrator: { state: 'x'.repeat(300) } }, 'orchestrator.state'],
    [{ ready: true, tasks: [{ id: '1', state: 'succeeded' }] }, 'tasks.0.id'],
    [{ ready: true, ssh_host_key: 'x' }, 'ssh_host_key'],
  ])('a heartbeat with %j is refused and names the field', async (body, field) => {
    const { client } = await fixture.enrolled();

    const answer = await client.post('/v1/heartbeat', body);

    expect([answer.status, answer.body.error]).toMatchObject([400, { field }]);
  });
});
