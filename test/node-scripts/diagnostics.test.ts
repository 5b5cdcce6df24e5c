import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { COLLECT_TASK, MAX_NODE_BYTES, readWhole } from '../../common/db/diagnostic-pieces.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';
import { addSwarm, SSH_KEY, type SwarmNode } from '../support/swarm-nodes.js';
import { until } from '../support/until.js';
import { MACHINE_PATIENCE, Machine, removeMachines } from './machine.js';

const DIAGNOSTIC = '00000000-0000-4000-8000-00000000d1a6';

jest.setTimeout(120_000);

/** One life, in the order of the tests. */
describe('a node that is asked for its journals', () => {
  let folder: string;
  let fixture: ListenerFixture;
  let node: SwarmNode;
  let machine: Machine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-nodes-'));
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000, heartbeatSeconds: 10 });
    node = (await addSwarm(fixture)).manager;
    machine = new Machine(folder, node);
  });
  afterAll(async () => {
    await machine.stop();
    await fixture.stop();
    await removeMachines(folder);
  });

  async function ask(): Promise<string> {
    const uuid = fixture.ids.uuid();
    const { clusterId, uuid: nodeId } = node.row;
    const params = { diagnostic: DIAGNOSTIC, upload: uuid };
    const task = { uuid, clusterId, nodeId, taskKey: uuid, name: COLLECT_TASK, params, output: '', createdAt: 0 };
    await nodeTasks.insert(fixture.knex, { ...task, state: 'queued' });
    await until(async () => (await nodeTasks.find(fixture.knex, { uuid }))?.state !== 'queued', MACHINE_PATIENCE);
    expect((await nodeTasks.find(fixture.knex, { uuid }))?.state).toBe('succeeded');
    const whole = { diagnosticId: DIAGNOSTIC, source: nodeId };
    return gunzipSync(await readWhole(fixture.knex, fixture.sealer, whole)).toString('utf8');
  }

  it('lets the key of its cluster collect over SSH, and do nothing else', async () => {
    mkdirSync(join(machine.root, 'var/lib'), { recursive: true });

    await machine.run('diagnostics-user.sh');
    await machine.run('diagnostics-user.sh');

    expect(machine.read('var/lib/bayou-diagnostics/.ssh/authorized_keys')).toBe(
      `restrict,command="/opt/bayou/diagnostics.sh" ${SSH_KEY}\n`,
    );
    expect(machine.read('fake/useradd').split('\n')).toEqual([
      '--system --create-home --shell /bin/bash --password * --groups systemd-journal bayou-diagnostics',
      '',
    ]);
    expect(gunzipSync(await machine.runForBytes('diagnostics.sh')).toString('utf8')).toContain('===== versions =====');
  });

  it('sends them between two tries of a step that fails, with the log of the step', async () => {
    machine.write('fake/docker-is-broken', '');
    machine.start();
    await until(async () => (await fixture.node(node.row.uuid)).fault !== undefined, MACHINE_PATIENCE);

    const text = await ask();

    expect(text).toMatch(/===== step docker-configure =====\n(.*\n)*Job for docker.service failed/);
    expect(text).toContain('===== journal bayou-* =====\n2030-01-01T00:00:00+0000 node programs[1]: asked for bayou-*');
    expect(text).toContain('===== resources =====');
  });

  it('sends them as a task when it has done its steps', async () => {
    rmSync(join(machine.root, 'fake/docker-is-broken'));
    await until(async () => (await fixture.node(node.row.uuid)).ready, MACHINE_PATIENCE);

    expect(await ask()).toContain('===== step swarm-init =====');
    await machine.stop();
  });

  it('sends no more than is taken, the end of everything, however much there is', async () => {
    const noise = Array.from({ length: 8000 }, (_, line) => `${line} ${fixture.ids.secret(30)}`).join('\n');
    for (const step of ['a', 'b', 'c']) machine.write(`var/log/bayou/${step}.log`, `${noise}\nthe end of ${step}\n`);

    const bytes = await machine.runForBytes('collect.sh');

    expect(bytes.length).toBeLessThanOrEqual(MAX_NODE_BYTES);
    const text = gunzipSync(bytes).toString('utf8');
    for (const step of ['a', 'b', 'c']) expect(text).toContain(`the end of ${step}`);
  });
});
