import { clusterTemplates } from '../../common/db/cluster-templates.js';
import { clusters } from '../../common/db/clusters.js';
import { events } from '../../common/db/events.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type Answer, type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { MISTAKES, quota } from '../support/mistakes.js';
import { makeCluster, makeTemplate, settle, templateOf } from '../support/orders.js';

const DEMO = seedId('project demo');

let api: ApiFixture;
let demo: ApiClient;
let templateId: string;

beforeAll(async () => {
  api = await startApi({ settings: { BAYOU_QUOTAS__MAX_CLUSTERS_PER_PROJECT: '1000' } });
  demo = (await api.as('demo')).at('1.14');
  templateId = await makeTemplate(demo);
});
afterAll(() => api.stop());
// What was looked up for one test is forgotten in the next.
beforeEach(() => api.clock.advance(31_000));

/** Everything that a request could have changed. */
async function state(): Promise<unknown> {
  const tables = [clusters, nodeGroups, operations, events, clusterTemplates];
  const counts = await api.db.read('test-count', (query) =>
    Promise.all(
      tables.map((table) => (table.rows(query) as ReturnType<typeof clusters.rows>).count({ n: '*' }).first()),
    ),
  );
  return { counts, cloud: api.cloud.everything(), published: api.queue.messages.length };
}

async function withoutChange(ask: () => Promise<Answer>): Promise<Answer> {
  const before = await state();
  const answer = await ask();
  expect(await state()).toEqual(before);
  return answer;
}

function order(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'planned', cluster_template_id: templateId, node_count: 2, ...changes };
}

describe('A dry run finds', () => {
  test.each(Object.entries(MISTAKES))('%s, and the order itself is refused', async (_, mistake) => {
    const { prepare, template, cluster, finds, status } = mistake;
    const restore = prepare?.(api.cloud);
    try {
      const path = template === undefined ? '/v1/clusters' : '/v1/clustertemplates';
      const body = template === undefined ? order(cluster) : templateOf(template);

      const tried = await withoutChange(() => demo.post(`${path}?dry_run=true`, body));
      const refused = await withoutChange(() => demo.post(path, body));

      expect(tried.status).toBe(200);
      expect(tried.body.findings).toEqual([finds]);
      expect(refused.status).toBe(status);
    } finally {
      restore?.();
    }
  });

  it('everything at once', async () => {
    const restore = quota({ cores: 1, floatingip: 0 })(api.cloud);
    const body = order({ keypair: 'no', master_flavor_id: 'no', floating_ip_enabled: true });

    const { body: answer } = await demo.post('/v1/clusters?dry_run=true', body);
    restore();

    expect(answer.findings.map(({ code }: { code: string }) => code).sort()).toEqual([
      'flavor_not_found',
      'keypair_not_found',
      'quota_exceeded',
      'quota_exceeded',
    ]);
  });
});

describe('A dry run of', () => {
  it('a cluster shows what it would be, and makes nothing', async () => {
    const body = order({ docker_volume_size: 5, floating_ip_enabled: true, master_lb_enabled: true });

    const { status, body: answer } = await withoutChange(() => demo.post('/v1/clusters?dry_run=true', body));

    expect(status).toBe(200);
    expect(answer.findings).toEqual([]);
    expect(answer.plan).toMatchObject({
      servers: [
        { nodegroup: 'default-master', role: 'master', count: 1, flavor: 'm1.small', image: 'debian-12' },
        { nodegroup: 'default-worker', role: 'worker', count: 2, flavor: 'm1.small', image: 'debian-12' },
      ],
      stacks: [
        { kind: 'infrastructure', nodegroup: null, count: 1 },
        { kind: 'load_balancer', nodegroup: null, count: 1 },
        { kind: 'nodes', nodegroup: 'default-master', count: 1 },
        { kind: 'nodes', nodegroup: 'default-worker', count: 1 },
      ],
      volumes: [
        { nodegroup: 'default-master', purpose: 'containers', count: 1, size_gib: 5, type: null },
        { nodegroup: 'default-worker', purpose: 'containers', count: 2, size_gib: 5, type: null },
      ],
      networks: 1,
      subnets: 1,
      routers: 1,
      ports: 3,
      floating_ips: 4,
      load_balancers: 1,
    });
  });

  it('a template shows its smallest cluster', async () => {
    const { body } = await withoutChange(() => demo.post('/v1/clustertemplates?dry_run=true', templateOf()));

    expect(body).toMatchObject({ findings: [], plan: { servers: [{ count: 1 }, { count: 1 }] } });
  });

  it('who may not order at all is refused as ever', async () => {
    const strict = await startApi({ settings: { BAYOU_TRUST__ALLOWED_ROLES: 'nobody-has-it' } });
    try {
      const member = (await strict.as('demo')).at('1.14');
      const template = await makeTemplate(member);

      const { status, body } = await member.post('/v1/clusters?dry_run=true', order({ cluster_template_id: template }));

      expect([status, body.errors[0].detail]).toEqual([403, expect.stringContaining('you hold none of nobody-has-it')]);
    } finally {
      await strict.stop();
    }
  });

  it('a body that is none is refused as ever', async () => {
    expect((await demo.post('/v1/clusters?dry_run=true', order({ node_count: 'many' }))).status).toBe(400);
    expect((await demo.post('/v1/clusters?dry_run=maybe', order())).status).toBe(400);
    expect((await demo.post('/v1/clusters?dry_run=true', order({ cluster_template_id: 'no' }))).status).toBe(404);
  });
});

describe('A change of a cluster', () => {
  let uuid: string;
  beforeEach(async () => {
    uuid = await makeCluster(demo, { cluster_template_id: templateId });
    await settle(api.db, uuid, 'CREATE_COMPLETE', { apiAddress: 'https://10.0.0.5:2376' });
    await api.clock.advance(31_000);
  });

  it('is planned as what comes to it', async () => {
    const resized = await withoutChange(() =>
      demo.post(`/v1/clusters/${uuid}/actions/resize?dry_run=true`, { node_count: 5 }),
    );
    const grown = await withoutChange(() =>
      demo.post(`/v1/clusters/${uuid}/nodegroups?dry_run=true`, { name: 'more', node_count: 4, flavor_id: 'm1.large' }),
    );

    expect(resized.body).toMatchObject({
      findings: [],
      plan: { servers: [{ nodegroup: 'default-worker', count: 3 }], stacks: [], networks: 0, ports: 3 },
    });
    expect(grown.body).toMatchObject({
      findings: [],
      plan: {
        servers: [{ nodegroup: 'more', count: 4, flavor: 'm1.large' }],
        stacks: [{ kind: 'nodes', nodegroup: 'more', count: 1 }],
        ports: 4,
      },
    });
  });

  it('is held up by a zone that is gone only where it makes servers in it', async () => {
    const labels = { availability_zone: 'edge' };
    const inEdge = await makeCluster(demo, { cluster_template_id: templateId, name: 'edge', labels });
    await settle(api.db, inEdge, 'CREATE_COMPLETE', { apiAddress: 'https://10.0.0.5:2376' });
    const { zones } = api.cloud.state.compute;
    const gone = zones.pop();
    await api.clock.advance(31_000);

    const resize = (count: number) => demo.post(`/v1/clusters/${inEdge}/actions/resize`, { node_count: count });
    const elsewhere = { name: 'more', labels: { availability_zone: 'nova' }, merge_labels: true };
    const grown = await resize(5);
    const added = await demo.post(`/v1/clusters/${inEdge}/nodegroups`, elsewhere);
    const shrunk = await resize(1);
    if (gone !== undefined) zones.push(gone);

    expect([grown.status, added.status, shrunk.status]).toEqual([400, 202, 202]);
    expect(grown.body.errors[0].detail).toContain('no availability zone edge');
  });

  it('is refused with 403 where the quota does not suffice, by a patch as well', async () => {
    const restore = quota({ cores: 10 })(api.cloud);
    const patch = [{ op: 'replace', path: '/node_count', value: 20 }];

    const answers = [
      await withoutChange(() => demo.post(`/v1/clusters/${uuid}/actions/resize`, { node_count: 20 })),
      await withoutChange(() => demo.post(`/v1/clusters/${uuid}/nodegroups`, { name: 'more', node_count: 18 })),
      await withoutChange(() => demo.patch(`/v1/clusters/${uuid}`, patch)),
    ];
    restore();

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(answers[0]?.body.errors[0].detail).toContain('needs 18 cores, 10 of 10 left');
  });
});

describe('A quota', () => {
  it('is looked at again before anybody is refused for what is remembered', async () => {
    quota({ instances: 1 })(api.cloud);
    expect((await demo.post('/v1/clusters', order())).status).toBe(403);

    api.cloud.quotas.order(DEMO, { instances: 3 });

    expect((await demo.post('/v1/clusters?dry_run=true', order())).body.findings).toEqual([]);
    api.cloud.quotas.order(DEMO, { instances: -1 });
  });

  it('that the cloud does not show is no obstacle', async () => {
    quota({ cores: 1 })(api.cloud);
    api.cloud.faults.order({
      service: 'compute',
      method: 'GET',
      path: 'os-quota-sets',
      action: { status: 403, body: { forbidden: { code: 403, message: 'no' } } },
    });

    const { body } = await demo.post('/v1/clusters?dry_run=true', order());
    api.cloud.faults.clear();
    api.cloud.quotas.order(DEMO, { cores: -1 });

    expect(body.findings).toEqual([]);
  });
});
