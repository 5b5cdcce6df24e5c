import { TEMPLATE } from './scenario.js';
import { NEW, OLD, UpgradeSite } from './upgrade-site.js';

let site: UpgradeSite;

afterEach(() => site.stop());

const refusal = async (order: object, status: number) => JSON.stringify(await site.upgrade(order, status));

describe('an upgrade is refused', () => {
  it('to what is older, skips a minor version, says no version or is of another sort', async () => {
    site = await UpgradeSite.start({ node_count: 1 });
    await site.template('v1.22.0');
    await site.template('no version', { labels: {} });
    await site.template('resolved elsewhere', { labels: { kube_tag: NEW }, dns_nameserver: '9.9.9.9' });
    const swarm = { ...TEMPLATE, name: 'swarm' };
    await site.scenario.expectStatus('POST', '/clustertemplates', swarm, 201);

    expect(await refusal({ cluster_template: 'nowhere' }, 404)).toContain('ClusterTemplate nowhere');
    expect(await refusal({ cluster_template: 'v1.22.0' }, 400)).toContain('more than one minor version above v1.20.2');
    expect(await refusal({ cluster_template: 'no version' }, 409)).toContain('it has no label kube_tag');
    const other = await refusal({ cluster_template: 'resolved elsewhere' }, 409);
    expect(other).toContain("its dns_nameserver is 9.9.9.9 and the cluster's left open");
    expect(await refusal({ cluster_template: 'swarm' }, 409)).toContain(
      "its coe is swarm-mode and the cluster's kubernetes",
    );
    expect(await site.scenario.operations()).toHaveLength(1);

    await site.upgradeTo(NEW);
    expect(await refusal({ cluster_template: OLD }, 400)).toContain('kube_tag v1.20.2 is older than v1.20.3');
  });

  it('to what was there before, once the first master runs what is new', async () => {
    const failTask = (node: string, task: string) =>
      task === 'upgrade' && node.includes('master-1') ? 'at kubelet: no' : undefined;
    const order = { master_count: 3, master_lb_enabled: true, node_count: 0 };
    site = await UpgradeSite.start(order, { nodes: { failTask } });
    expect(await site.upgradeTo(NEW)).toMatchObject({ status: 'UPDATE_FAILED', coeVersion: OLD });
    expect(await site.versions()).toEqual({ 'master-0': NEW, 'master-1': OLD, 'master-2': OLD });

    expect(await refusal({ cluster_template: OLD }, 400)).toContain('kube_tag v1.20.2 is older than v1.20.3');
  });

  it('where nodes have no mirror to fetch from', async () => {
    site = await UpgradeSite.start({ node_count: 0 }, { settings: { BAYOU_KUBERNETES__MIRROR_URL: '' } });
    await site.template(NEW);

    expect(await refusal({ cluster_template: NEW }, 400)).toContain('without a mirror');
  });
});

describe('a further node group', () => {
  const makeGroup = () => {
    const group = { name: 'pool', node_count: 2, flavor_id: 'm1.small' };
    return site.scenario.expectStatus('POST', '/clusters/c/nodegroups', group, 202);
  };

  it('stays where it is, follows its cluster when it is asked to, and goes nowhere else', async () => {
    site = await UpgradeSite.start({ node_count: 1 });
    await makeGroup();
    await site.scenario.settled();
    await site.upgradeTo(NEW);
    expect(await site.groupVersions()).toEqual({ 'default-master': NEW, 'default-worker': NEW, pool: OLD });
    const before = await site.tasks();

    expect(await refusal({ cluster_template: OLD, nodegroup: 'pool' }, 409)).toContain('the template of its cluster');
    expect(await refusal({ cluster_template: NEW, nodegroup: 'none' }, 404)).toContain('Nodegroup none');
    await site.upgrade({ cluster_template: NEW, nodegroup: 'pool' });
    const cluster = await site.scenario.settled();

    expect(cluster).toMatchObject({ status: 'UPDATE_COMPLETE', coeVersion: NEW });
    expect(new Set(Object.values(await site.versions()))).toEqual(new Set([NEW]));
    const own = (await site.tasks()).slice(before.length).filter((task) => task.startsWith('upgrade'));
    expect(own).toEqual(['upgrade pool-0', 'upgrade pool-1']);
  });

  it('that is too old for the new masters must go first', async () => {
    site = await UpgradeSite.start({ node_count: 0 });
    await makeGroup();
    await site.scenario.settled();
    for (const version of ['v1.21.0', 'v1.22.0']) {
      expect(await site.upgradeTo(version)).toMatchObject({ status: 'UPDATE_COMPLETE', coeVersion: version });
    }
    await site.template('v1.23.0');

    expect(await refusal({ cluster_template: 'v1.23.0' }, 400)).toContain(
      'nodegroup pool is at v1.20.2, too old for masters of v1.23.0: upgrade it first',
    );
  });
});
