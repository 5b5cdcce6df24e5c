import { NEW, OLD, UpgradeSite } from './upgrade-site.js';

let site: UpgradeSite;

afterEach(() => site.stop());

const servers = () => [...site.scenario.world.cloud.state.compute.servers.keys()];

describe('an upgrade', () => {
  it('changes masters one by one, one worker first, then the others, on the same servers', async () => {
    site = await UpgradeSite.start({ master_count: 3, node_count: 3, master_lb_enabled: true });
    const before = servers();
    await site.template(NEW);

    await site.upgrade({ cluster_template: NEW, max_batch_size: 2 });
    const cluster = await site.scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined, healthStatus: 'HEALTHY' });
    expect(cluster).toMatchObject({ coeVersion: NEW, labels: { kube_tag: NEW } });
    expect(new Set(Object.values(await site.versions()))).toEqual(new Set([NEW]));
    expect(servers()).toEqual(before);
    expect(await site.tasks()).toEqual([
      `check-upgrade ${NEW}`,
      'upgrade master-0',
      'upgrade master-1',
      'upgrade master-2',
      'drain worker-0',
      'upgrade worker-0',
      'uncordon worker-0',
      'drain worker-1',
      'drain worker-2',
      'upgrade worker-1',
      'upgrade worker-2',
      'uncordon worker-1',
      'uncordon worker-2',
    ]);
    for (const { nodeData } of await site.nodes()) {
      expect(nodeData.settings).toMatchObject({ kubernetes_version: NEW });
    }
  });

  it('lets the only worker keep its work, and gives nodes that come later the new version', async () => {
    site = await UpgradeSite.start({ node_count: 1 });
    await site.upgradeTo(NEW);
    expect(await site.tasks()).toEqual([`check-upgrade ${NEW}`, 'upgrade master-0', 'upgrade worker-0']);

    await site.scenario.resize({ node_count: 2 });
    await site.scenario.settled();

    expect(await site.versions()).toEqual({ 'master-0': NEW, 'worker-0': NEW, 'worker-1': NEW });
  });

  it('of a cluster without workers counts for those that come', async () => {
    site = await UpgradeSite.start({ node_count: 0 });
    expect(await site.upgradeTo(NEW)).toMatchObject({ status: 'UPDATE_COMPLETE' });

    expect(await site.groupVersions()).toEqual({ 'default-master': NEW, 'default-worker': NEW });
  });

  it('that breaks the first master goes back there, and can be asked for again', async () => {
    let isBroken = true;
    const words = 'fetching files\nat kube-apiserver: unknown flag: --x';
    const failTask = (node: string, task: string) =>
      isBroken && task === 'upgrade' && node.includes('master') ? words : undefined;
    site = await UpgradeSite.start({ node_count: 1 }, { nodes: { failTask } });

    const failed = await site.upgradeTo(NEW);

    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', coeVersion: OLD });
    expect(failed?.statusReason).toMatch(
      /^\[upgrade_failed\] node \S+master-0 did not get v1\.20\.3: at kube-apiserver: unknown flag: --x; it went back to what it had;/,
    );
    expect(await site.tasks()).toEqual([`check-upgrade ${NEW}`, 'upgrade master-0 failed', 'upgrade-undo master-0']);
    expect(await site.groupVersions()).toEqual({ 'default-master': OLD, 'default-worker': OLD });

    isBroken = false;
    await site.upgrade({ cluster_template: NEW });
    expect(await site.scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', coeVersion: NEW });
    expect(await site.versions()).toEqual({ 'master-0': NEW, 'worker-0': NEW });
  });

  it('that breaks the canary stops there: it is undone, other workers stay, and so do those that come', async () => {
    const words = 'at kubelet: kubelet v1.20.3 did not come up: exit status 1';
    const failTask = (node: string, task: string) =>
      task === 'upgrade' && node.includes('worker') ? words : undefined;
    site = await UpgradeSite.start({ node_count: 2 }, { nodes: { failTask } });

    const failed = await site.upgradeTo(NEW);

    expect(failed).toMatchObject({ status: 'UPDATE_FAILED', coeVersion: NEW });
    expect(failed?.statusReason).toMatch(/worker-0 did not get .* exit status 1; it went back to what it had;/);
    expect(await site.versions()).toEqual({ 'master-0': NEW, 'worker-0': OLD, 'worker-1': OLD });
    const ends = ['drain worker-0', 'upgrade worker-0 failed', 'upgrade-undo worker-0', 'uncordon worker-0'];
    expect((await site.tasks()).slice(-4)).toEqual(ends);

    await site.scenario.resize({ node_count: 3 });
    expect(await site.scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect((await site.versions())['worker-2']).toBe(OLD);
    await site.scenario.delete();
    await site.scenario.until((cluster) => cluster === undefined);
    expect(site.scenario.leftovers()).toEqual({});
  });

  it('that fails later lets what is in hand end, begins with no other, and goes on there next time', async () => {
    let isBroken = true;
    const failTask = (node: string, task: string) =>
      isBroken && task === 'upgrade' && node.includes('worker-1') ? 'at kubelet: no' : undefined;
    site = await UpgradeSite.start({ node_count: 4 }, { nodes: { failTask } });
    await site.template(NEW);
    await site.upgrade({ cluster_template: NEW, max_batch_size: 2 });

    expect(await site.scenario.settled()).toMatchObject({ status: 'UPDATE_FAILED' });
    const versions = await site.versions();
    expect(versions).toMatchObject({ 'worker-0': NEW, 'worker-1': OLD, 'worker-2': NEW, 'worker-3': OLD });
    const first = await site.tasks();
    expect(first).toEqual(expect.arrayContaining(['uncordon worker-1', 'uncordon worker-2']));

    isBroken = false;
    await site.upgrade({ cluster_template: NEW });
    expect(await site.scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect((await site.tasks()).slice(first.length)).toEqual(expect.arrayContaining(['upgrade worker-3']));
    expect((await site.tasks()).slice(first.length)).not.toContain('upgrade worker-2');
  });

  it('waits for no node that says nothing: it fails by its name', async () => {
    let isSilent = false;
    const silent = (node: string) => isSilent && node.includes('worker-1');
    site = await UpgradeSite.start({ node_count: 2 }, { nodes: { silent } });
    isSilent = true;
    await site.scenario.world.clock.advance(120_000);

    const failed = await site.upgradeTo(NEW);

    expect(failed?.statusReason).toMatch(/^\[upgrade_not_ready\] 1 nodes are not ready: \S+worker-1; user: nothing/);
    expect(await site.tasks()).toEqual([]);
  });

  it('is refused by what a master sees in the way, before anything changes', async () => {
    const words = 'disruption budgets that let no pod go: default/web';
    const failTask = (_node: string, task: string) => (task === 'check-upgrade' ? words : undefined);
    site = await UpgradeSite.start({ node_count: 2 }, { nodes: { failTask } });

    expect((await site.upgradeTo(NEW))?.statusReason).toMatch(
      /^\[upgrade_not_ready\] the cluster is not ready for v1\.20\.3: disruption budgets that let no pod go: default\/web;/,
    );
    expect(await site.tasks()).toEqual([`check-upgrade ${NEW} failed`]);
  });

  it('gives way to a delete, and to nothing else', async () => {
    site = await UpgradeSite.start({ node_count: 2 });
    await site.template(NEW);
    await site.upgrade({ cluster_template: NEW });

    const refused = await site.scenario.expectStatus('POST', '/clusters/c/actions/resize', { node_count: 1 }, 400);
    expect(JSON.stringify(refused)).toContain('its upgrade');
    await site.scenario.delete();
    await site.scenario.until((cluster) => cluster === undefined);

    expect(site.scenario.leftovers()).toEqual({});
  });
});
