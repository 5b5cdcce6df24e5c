import { clusters } from '../../common/db/clusters.js';
import { nodes } from '../../common/db/nodes.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { addWorkers, makeCluster, makeTemplate, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

describe.each(DATABASE_KINDS)('Over %s', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let template: string;
  beforeEach(async () => {
    api = await startApi({ database, settings: { BAYOU_API__MAX_LIMIT: '3' } });
    demo = await api.as('demo');
    template = await makeTemplate(demo, { labels: { same: '1', other: 'template', left: '2' } });
  });
  afterEach(() => api.stop());

  /** @returns uuids in the order of making */
  async function makeClusters(...names: string[]): Promise<string[]> {
    const uuids: string[] = [];
    for (const name of names) uuids.push(await makeCluster(demo, { name, cluster_template_id: template }));
    return uuids;
  }

  const LABELS = { same: '1', other: 'cluster', more: '3' };

  describe('One cluster', () => {
    it('is shown in full', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template, labels: LABELS });
      await settle(api.db, uuid, 'CREATE_COMPLETE', {
        stackId: 'stack',
        apiAddress: 'tcp://172.24.4.5:2376',
        healthStatus: 'HEALTHY',
        healthStatusReason: { 'web-worker-0': 'ok' },
        faults: { nothing: 'of interest' },
        updatedAt: api.clock.now(),
      });
      await addWorkers(api.db, api.ids, uuid, ['server-0', 'server-1']);
      const floating = { addresses: { private: '10.0.0.11', public: '172.24.4.7' } };
      await api.db.transaction('test', (trx) => nodes.update(trx, { serverId: 'server-1' }, floating));

      const { status, body } = await demo.get(`/v1/clusters/${uuid}`);

      expect(status).toBe(200);
      expect(body).toEqual({
        uuid,
        name: 'web',
        cluster_template_id: template,
        keypair: 'demo',
        docker_volume_size: null,
        labels: LABELS,
        labels_overridden: { other: 'template' },
        labels_added: { more: '3' },
        labels_skipped: { left: '2' },
        merge_labels: false,
        node_count: 2,
        master_count: 1,
        status: 'CREATE_COMPLETE',
        status_reason: null,
        health_status: 'HEALTHY',
        health_status_reason: { 'web-worker-0': 'ok' },
        master_flavor_id: 'm1.small',
        flavor_id: 'm1.small',
        create_timeout: 60,
        stack_id: 'stack',
        api_address: 'tcp://172.24.4.5:2376',
        node_addresses: ['10.0.0.10', '172.24.4.7'],
        master_addresses: [],
        discovery_url: null,
        coe_version: null,
        container_version: null,
        project_id: seedId('project demo'),
        user_id: seedId('user demo'),
        fixed_network: null,
        fixed_subnet: null,
        floating_ip_enabled: true,
        master_lb_enabled: false,
        created_at: '2030-01-01T00:00:00+00:00',
        updated_at: '2030-01-01T00:00:00+00:00',
        links: [
          { href: `${api.url}/v1/clusters/${uuid}`, rel: 'self' },
          { href: `${api.url}/clusters/${uuid}`, rel: 'bookmark' },
        ],
      });
    });

    it('calls its stack cluster_id from 1.13 on', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template });
      await settle(api.db, uuid, 'CREATE_COMPLETE', { stackId: 'stack' });

      const { body } = await demo.at('1.13').get(`/v1/clusters/${uuid}`);

      expect(body.cluster_id).toBe('stack');
      expect(body).not.toHaveProperty('stack_id');
    });

    it('shows its faults when something failed', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template });
      await settle(api.db, uuid, 'CREATE_FAILED', { faults: { 'web-worker-0': 'no room' }, statusReason: 'why' });

      const { body } = await demo.get(`/v1/clusters/${uuid}`);

      expect(body).toMatchObject({ faults: { 'web-worker-0': 'no room' }, status_reason: 'why' });
    });

    it('is found by name, and shows the same under its bookmark', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template });

      const byUuid = await demo.get(`/v1/clusters/${uuid}`);

      expect((await demo.get('/v1/clusters/web')).body).toEqual(byUuid.body);
      expect((await demo.get(`/clusters/${uuid}`)).body).toEqual(byUuid.body);
    });

    it('is a 404 when there is none, and a 409 for an ambiguous name', async () => {
      await makeClusters('twin', 'twin');

      expect((await demo.get('/v1/clusters/none')).status).toBe(404);
      expect((await demo.get(`/v1/clusters/${api.ids.uuid()}`)).status).toBe(404);
      expect((await demo.get('/v1/clusters/twin')).status).toBe(409);
    });

    it('of another project is a 404 to all but an admin', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template });
      const alt = await api.as('alt_demo', 'alt');
      const admin = await api.as('admin');

      for (const path of [`/v1/clusters/${uuid}`, '/v1/clusters/web', `/v1/clusters/${uuid}/nodes`]) {
        expect((await alt.get(path)).status).toBe(404);
        expect((await admin.get(path)).status).toBe(200);
      }
      expect((await alt.get('/v1/clusters')).body.clusters).toEqual([]);
      expect((await admin.get('/v1/clusters')).body.clusters).toHaveLength(1);
    });
  });

  describe('Lists', () => {
    it('show summaries, and full objects at /detail', async () => {
      const [uuid] = await makeClusters('one');

      const list = await demo.get('/v1/clusters');
      const detail = await demo.get('/v1/clusters/detail');
      const single = await demo.get(`/v1/clusters/${uuid}`);

      expect(detail.body).toEqual({ clusters: [single.body] });
      expect(Object.keys(list.body.clusters[0]).sort()).toEqual(
        (
          'cluster_template_id create_timeout docker_volume_size flavor_id health_status keypair labels links ' +
          'master_count master_flavor_id merge_labels name node_count stack_id status uuid'
        ).split(' '),
      );
    });

    it.each(['/v1/clusters', '/v1/clusters/detail'])('go on at next until a page is not full: %s', async (path) => {
      const uuids = await makeClusters('c', 'a', 'b');
      const seen: string[] = [];
      const pages: number[] = [];

      for (let url = `${path}/?limit=2&sort_key=name&sort_dir=desc`; url !== ''; ) {
        const { body } = await demo.get(url);
        pages.push(body.clusters.length);
        seen.push(...body.clusters.map((cluster: { uuid: string }) => cluster.uuid));
        expect(body.next ?? path).toContain(path);
        url = body.next?.slice(api.url.length) ?? '';
      }

      expect(pages).toEqual([2, 1]);
      expect(seen).toEqual([uuids[0], uuids[2], uuids[1]]);
    });

    it('have a next link when the page is exactly full, to an empty page without one', async () => {
      const uuids = await makeClusters('a', 'b');

      const full = await demo.get('/v1/clusters?limit=2');

      expect(full.body.next).toBe(`${api.url}/v1/clusters?sort_key=id&sort_dir=asc&limit=2&marker=${uuids[1]}`);
      expect((await demo.get(full.body.next.slice(api.url.length))).body).toEqual({ clusters: [] });
    });

    it('are capped at the configured limit', async () => {
      await makeClusters('a', 'b', 'c', 'd');

      const { body } = await demo.get('/v1/clusters?limit=1000');

      expect(body.clusters).toHaveLength(3);
      expect(body.next).toContain('limit=3');
    });

    it('refuse an unknown marker with a 404, one of another project too', async () => {
      const [uuid] = await makeClusters('a');
      const alt = await api.as('alt_demo', 'alt');

      expect((await demo.get(`/v1/clusters?marker=${api.ids.uuid()}`)).status).toBe(404);
      expect((await alt.get(`/v1/clusters?marker=${uuid}`)).status).toBe(404);
    });

    it.each([
      ['/v1/clusters?limit=3', 1],
      ['/v1/clusters/detail?limit=3', 3],
      ['/v1/clustertemplates?limit=3', 1],
    ])('take a fixed number of queries: %s', async (path, queries) => {
      await makeClusters('a', 'b', 'c');
      let count = 0;
      api.db.knex.on('query', () => count++);

      await demo.get(path);

      expect(count).toBe(queries);
    });

    it('sort by unset values, page by page', async () => {
      const uuids = await makeClusters('a', 'b', 'c');
      await api.db.transaction('test', (trx) =>
        clusters.update(trx, { uuid: uuids[1] ?? '' }, { healthStatus: 'HEALTHY' }),
      );

      const first = await demo.get('/v1/clusters?limit=2&sort_key=health_status');
      const second = await demo.get(first.body.next.slice(api.url.length));

      expect(second.body.clusters.map(({ name }: { name: string }) => name)).toEqual(['b']);
    });
  });

  describe('Node groups', () => {
    it('are the two default ones, in short and in full', async () => {
      const uuid = await makeCluster(demo, { cluster_template_id: template, node_count: 3 });
      const latest = demo.at('latest');

      const list = await latest.get(`/v1/clusters/web/nodegroups/?role=worker`);
      const single = await latest.get(`/v1/clusters/web/nodegroups/default-worker`);

      expect(list.body.nodegroups).toEqual([
        {
          uuid: single.body.uuid,
          name: 'default-worker',
          flavor_id: 'm1.small',
          image_id: 'debian-12',
          node_count: 3,
          role: 'worker',
          is_default: true,
          status: 'CREATE_IN_PROGRESS',
          stack_id: null,
          min_node_count: 0,
          max_node_count: null,
          merge_labels: false,
        },
      ]);
      expect(single.body).toMatchObject({ cluster_id: uuid, project_id: seedId('project demo'), node_addresses: [] });
      expect(single.body.links[0].href).toBe(`${api.url}/v1/clusters/${uuid}/nodegroups/${single.body.uuid}`);
      expect((await latest.get(`/v1/clusters/web/nodegroups`)).body.nodegroups).toHaveLength(2);
      expect((await latest.get(`/v1/clusters/web/nodegroups/none`)).status).toBe(404);
    });
  });
});
