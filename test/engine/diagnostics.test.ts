import { diagnostics } from '../../common/db/diagnostics.js';
import { events } from '../../common/db/events.js';
import { nodes } from '../../common/db/nodes.js';
import { newSshKey } from '../../common/ssh/ssh-key.js';
import { DiagnosticsSite, STEP } from './diagnostics-site.js';

let site: DiagnosticsSite;

afterEach(() => site.stop());

/** How the part of each node came. */
function sources(findings: { name: string; source?: string }[]): Record<string, string | undefined> {
  return Object.fromEntries(findings.map(({ name, source }) => [name.replace(/^c-[a-z0-9]+-/, ''), source]));
}

describe('after a create that failed at a step of one node', () => {
  it('its nodes are asked by themselves, and the bundle names the step and has its journal', async () => {
    site = await DiagnosticsSite.start();
    const faulty = await site.node('worker-1');

    const diagnostic = await site.ended();

    expect(diagnostic).toMatchObject({ cause: 'create_failed', state: 'ready', userId: undefined });
    expect(sources(diagnostic.findings)).toEqual({ 'worker-1': 'task', 'worker-0': 'task', 'master-0': 'task' });
    const files = await site.bundle(diagnostic);
    const summary = JSON.parse(files['summary.json'] ?? '');
    expect(summary.cluster.status_reason).toMatch(`Step ${STEP} of node ${faulty.name} failed`);
    expect(summary.nodes[0]).toMatchObject({
      name: faulty.name,
      failed_step: STEP,
      collected_by: 'task',
      problems: [],
    });
    const journal = files[`nodes/${faulty.name}.log`] ?? '';
    expect(journal).toContain(`step ${STEP} failed`);
    expect(journal).toContain('E: Unable to locate package docker.io');
    expect(JSON.stringify(files)).not.toContain('hunter2');
    expect(files['events.log']).toContain('node_step_failed');
    expect(await site.scenario.eventKinds()).toEqual(
      expect.arrayContaining(['diagnostic_accepted', 'diagnostic_ready']),
    );
  });

  it('a node that reports no more is asked over SSH at its floating address', async () => {
    site = await DiagnosticsSite.start({ hangs: true });
    const faulty = await site.node('worker-1');
    const host = await site.listen('worker-1', faulty.addresses.public);

    const diagnostic = await site.ended();

    expect(sources(diagnostic.findings)).toEqual({ 'worker-1': 'ssh', 'worker-0': 'task', 'master-0': 'task' });
    expect(diagnostic.findings[0]).toMatchObject({ step: STEP, problems: ['task: it does not report'] });
    expect(host.asked).toEqual(['collect']);
    const files = await site.bundle(diagnostic);
    expect(files[`nodes/${faulty.name}.log`]).toBe(`===== journal over SSH of ${faulty.name} =====\ntoken: ***\n`);
  });

  it('one without a floating address is asked through a master', async () => {
    site = await DiagnosticsSite.start({ hangs: true });
    const [faulty, master] = [await site.node('worker-1'), await site.node('master-0')];
    const { private: own = '' } = faulty.addresses;
    await site.scenario.world.db.transaction('test', (trx) =>
      nodes.update(trx, { uuid: faulty.uuid }, { addresses: { private: own } }),
    );
    const hop = await site.listen('master-0', master.addresses.public);
    const host = await site.listen('worker-1', own);

    const diagnostic = await site.ended();

    expect(sources(diagnostic.findings)['worker-1']).toBe('ssh');
    expect([hop.asked, host.asked]).toEqual([[`reach ${own}`], ['collect']]);
  });

  it('who shows another host key is refused and told, and the console stands in', async () => {
    site = await DiagnosticsSite.start({ hangs: true });
    const faulty = await site.node('worker-1');
    const stranger = await site.listen('worker-1', faulty.addresses.public, { key: newSshKey() });

    const diagnostic = await site.ended();

    expect(sources(diagnostic.findings)['worker-1']).toBe('console');
    expect(diagnostic.findings[0]?.problems).toEqual([
      'task: it does not report',
      `ssh: ${faulty.addresses.public} shows another host key than the one that it enrolled with`,
    ]);
    expect(stranger.asked).toEqual([]);
    const told = await site.scenario.world.db.read('check', (query) =>
      events.list(query, { kind: 'ssh_host_key_refused' }),
    );
    expect(told.map(({ details }) => details.address)).toEqual([faulty.addresses.public]);
    const files = await site.bundle(diagnostic);
    expect(files[`nodes/${faulty.name}.log`]).toContain(`step ${STEP} failed`);
  });

  it('SSH can be switched off, and so can the whole of it', async () => {
    site = await DiagnosticsSite.start({ hangs: true, settings: { BAYOU_DIAGNOSTICS__SSH: 'off' } });
    const { problems } = (await site.ended()).findings[0] ?? {};
    expect(problems).toContain('ssh: [diagnostics] ssh is off');
    await site.stop();

    site = await DiagnosticsSite.start({ settings: { BAYOU_DIAGNOSTICS__AUTOMATIC: 'false' } });
    await site.scenario.world.clock.advance(60_000);
    expect(await site.diagnostics()).toEqual([]);
  });

  it('what was collected goes when its time is over, and with the cluster', async () => {
    site = await DiagnosticsSite.start({ settings: { BAYOU_DIAGNOSTICS__KEEP_DAYS: '1' } });
    await site.ended();
    await site.scenario.expectStatus('POST', '/clusters/c/actions/diagnose', undefined, 202);
    await site.scenario.expectStatus('POST', '/clusters/c/actions/diagnose', undefined, 409);
    await site.ended();
    expect((await site.diagnostics()).map(({ cause, state }) => `${cause} ${state}`)).toEqual([
      'create_failed ready',
      'request ready',
    ]);
    const { world } = site.scenario;
    const pieces = () => world.db.read('check', (query) => query('diagnostic_pieces').select('source'));
    expect(await pieces()).toEqual([{ source: 'bundle' }, { source: 'bundle' }]);

    const [kept] = await site.diagnostics();
    expect((kept?.expiresAt ?? 0) - (kept?.finishedAt ?? 0)).toBe(86_400_000);
    await world.db.transaction('test', (trx) => diagnostics.update(trx, {}, { expiresAt: world.clock.now() }));
    await world.clock.advance(65_000);
    expect([await site.diagnostics(), await pieces()]).toEqual([[], []]);

    await site.scenario.expectStatus('POST', '/clusters/c/actions/diagnose', { nodes: ['0'] }, 202);
    await site.scenario.delete();
    await site.scenario.until((cluster) => cluster === undefined);
    expect([await site.diagnostics(), await pieces()]).toEqual([[], []]);
  });
});
