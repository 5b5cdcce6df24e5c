import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

const DEMO = seedId('project demo');
const ALT = seedId('project alt');
const DEFAULT = { project_id: DEMO, resource: 'Cluster', hard_limit: 20 };

describe.each(DATABASE_KINDS)('Over %s, a quota', (database) => {
  let api: ApiFixture;
  let admin: ApiClient;
  let demo: ApiClient;
  beforeEach(async () => {
    api = await startApi({ database, settings: { BAYOU_API__MAX_LIMIT: '2' } });
    [admin, demo] = await Promise.all([api.as('admin'), api.as('demo')]);
  });
  afterEach(() => api.stop());

  const made = (changes: object = {}) =>
    admin.post('/v1/quotas', { project_id: DEMO, resource: 'Cluster', hard_limit: 3, ...changes });

  it('is the configured one where none is stored, and shown to its project and to admins', async () => {
    const path = `/v1/quotas/${DEMO}/Cluster`;
    const alt = await api.as('alt_demo', 'alt');

    expect((await demo.get(path)).body).toEqual(DEFAULT);
    expect((await admin.get(path)).body).toEqual(DEFAULT);
    expect((await alt.get(path)).status).toBe(403);
    expect((await demo.get(`/v1/quotas/${DEMO}/Node`)).status).toBe(404);
  });

  it('is made once for a project that Keystone knows', async () => {
    const { status, body } = await made();

    expect([status, body]).toEqual([
      201,
      { ...DEFAULT, id: expect.any(Number), hard_limit: 3, created_at: expect.any(String), updated_at: null },
    ]);
    expect((await demo.get(`/v1/quotas/${DEMO}/Cluster`)).body).toEqual(body);
    expect((await made()).status).toBe(409);
    expect((await made({ project_id: '0'.repeat(32) })).status).toBe(404);
  });

  it('has 1 and Cluster where nothing is said, and texts for numbers', async () => {
    expect((await admin.post('/v1/quotas', { project_id: ALT })).body).toMatchObject({
      resource: 'Cluster',
      hard_limit: 1,
    });
    expect((await made({ hard_limit: '7' })).body.hard_limit).toBe(7);
  });

  it('is refused with anything else', async () => {
    for (const wrong of [
      { project_id: undefined },
      { project_id: '' },
      { project_id: 7 },
      { resource: 'Node' },
      { hard_limit: -1 },
      { hard_limit: 'many' },
      { hard_limit: 2 ** 31 },
      { id: 1 },
      { created_at: null },
    ]) {
      expect([wrong, (await made(wrong)).status]).toEqual([wrong, 400]);
    }
  });

  it('is changed by a plain object', async () => {
    const path = `/v1/quotas/${DEMO}/Cluster`;
    const change = (body: unknown) => admin.patch(path, body);
    expect((await change({ ...DEFAULT, hard_limit: 5 })).status).toBe(404);
    await made();

    const { status, body } = await change({ ...DEFAULT, hard_limit: 5 });

    expect([status, body]).toEqual([202, expect.objectContaining({ ...DEFAULT, hard_limit: 5 })]);
    expect(body.updated_at).not.toBeNull();
    expect((await change({ hard_limit: 0 })).body.hard_limit).toBe(0);
    for (const wrong of [
      [{ op: 'replace', path: '/hard_limit', value: 1 }],
      { project_id: ALT, hard_limit: 1 },
      { resource: 'Node', hard_limit: 1 },
      { project_id: DEMO },
      { hard_limit: null },
    ]) {
      expect([wrong, (await change(wrong)).status]).toEqual([wrong, 400]);
    }
  });

  it('is deleted, and the configured one holds again', async () => {
    const path = `/v1/quotas/${DEMO}/Cluster`;
    await made();

    expect((await admin.delete(path)).status).toBe(204);
    expect((await admin.delete(path)).status).toBe(404);
    expect((await demo.get(path)).body).toEqual(DEFAULT);
  });

  it('is listed in pages by its number, and of all projects only when asked', async () => {
    for (const project of ['demo', 'alt', 'admin']) await made({ project_id: seedId(`project ${project}`) });
    const projectsOf = ({ quotas }: { quotas: { project_id: string }[] }) => quotas.map((quota) => quota.project_id);

    const own = await admin.get('/v1/quotas');
    const first = await admin.get('/v1/quotas?all_tenants=True&sort_key=hard_limit');
    const second = await admin.get(first.body.next.slice(api.url.length));

    expect(projectsOf(own.body)).toEqual([seedId('project admin')]);
    expect(projectsOf(first.body)).toEqual([DEMO, ALT]);
    expect([projectsOf(second.body), second.body.next]).toEqual([[seedId('project admin')], undefined]);
    for (const query of ['all_tenants=maybe', 'marker=x', `marker=${api.ids.uuid()}`, 'limit=0', 'sort_key=uuid']) {
      expect([query, (await admin.get(`/v1/quotas?${query}`)).status]).toEqual([query, 400]);
    }
    expect((await admin.get('/v1/quotas?marker=4711')).status).toBe(404);
  });

  it('is for admins alone but for a look at the own', async () => {
    const path = `/v1/quotas/${DEMO}/Cluster`;

    const answers = await Promise.all([
      demo.get('/v1/quotas'),
      demo.post('/v1/quotas', { project_id: DEMO }),
      demo.patch(path, { hard_limit: 100 }),
      demo.delete(path),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  });

  it('refuses a further cluster with its numbers, and leaves no trace of it', async () => {
    const template = await makeTemplate(demo);
    await made({ hard_limit: 1 });
    await makeCluster(demo, { cluster_template_id: template });

    const { status, body } = await demo.post('/v1/clusters', { name: 'more', cluster_template_id: template });

    expect([status, body.errors[0].title]).toEqual([403, expect.stringMatching(/used up: 1 of 1; delete one/)]);
    const rows = await api.db.read('test', (query) => clusters.list(query, {}));
    expect(rows).toHaveLength(1);
    expect((await api.db.read('test', (query) => operations.list(query, {}))).length).toBe(1);
    await admin.patch(`/v1/quotas/${DEMO}/Cluster`, { hard_limit: 0 });
    expect((await demo.post('/v1/clusters', { cluster_template_id: template })).body.errors[0].title).toContain(
      '1 of 0',
    );
  });
});

const AT_ONCE = 200;
/** Of another project, at the same time. */
const BESIDE = 40;
const LIMIT = 10;

describe.each(DATABASE_KINDS)('Over %s, an API', (database) => {
  it(`accepts ${LIMIT} of ${AT_ONCE} clusters that are ordered in a project at once, and as many of another`, async () => {
    const settings = { BAYOU_QUOTAS__MAX_CLUSTERS_PER_PROJECT: String(LIMIT) };
    const api = await startApi({ database, settings });
    try {
      const [demo, alt] = await Promise.all([api.as('demo'), api.as('alt_demo', 'alt')]);
      const [own, foreign] = await Promise.all([makeTemplate(demo), makeTemplate(alt, { keypair_id: undefined })]);
      const order = (client: ApiClient, template: string) =>
        client.post('/v1/clusters', { cluster_template_id: template, node_count: 1 });

      const many = (count: number, client: ApiClient, template: string) =>
        Promise.all(Array.from({ length: count }, () => order(client, template)));
      const [answers, beside] = await Promise.all([many(AT_ONCE, demo, own), many(BESIDE, alt, foreign)]);

      const count = (all: { status: number }[], status: number) => all.filter((one) => one.status === status).length;
      expect([count(answers, 202), count(answers, 403)]).toEqual([LIMIT, AT_ONCE - LIMIT]);
      expect([count(beside, 202), count(beside, 403)]).toEqual([LIMIT, BESIDE - LIMIT]);
      const rows = await api.db.read('test', (query) => clusters.list(query, {}));
      expect(rows.filter(({ projectId }) => projectId === DEMO)).toHaveLength(LIMIT);
      expect(rows.filter(({ projectId }) => projectId === ALT)).toHaveLength(LIMIT);
    } finally {
      await api.stop();
    }
  }, 120_000);
});
