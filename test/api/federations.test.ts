import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

const PROPERTIES = { 'dns-zone': 'example.org' };

describe.each(DATABASE_KINDS)('Over %s, a federation', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let host: string;
  let member: string;
  beforeEach(async () => {
    api = await startApi({ database, settings: { BAYOU_API__MAX_LIMIT: '2' } });
    demo = await api.as('demo');
    const template = await makeTemplate(demo);
    host = await makeCluster(demo, { name: 'host', cluster_template_id: template });
    member = await makeCluster(demo, { name: 'member', cluster_template_id: template });
  });
  afterEach(() => api.stop());

  const order = (changes: object = {}) =>
    demo.post('/v1/federations', { name: 'fed', hostcluster_id: 'host', properties: PROPERTIES, ...changes });
  const patch = (...operations: object[]) => demo.patch('/v1/federations/fed', operations);
  const shown = async () => (await demo.get('/v1/federations/fed')).body;

  it('is kept and shown, and says that nothing joins its clusters', async () => {
    const { status, body } = await order({ member_ids: ['member'] });

    expect([status, body]).toEqual([202, { uuid: expect.any(String) }]);
    expect(await shown()).toEqual({
      uuid: body.uuid,
      name: 'fed',
      project_id: expect.any(String),
      hostcluster_id: host,
      member_ids: [member],
      properties: PROPERTIES,
      status: 'CREATE_FAILED',
      status_reason: expect.stringMatching(/^\[federation_unsupported\] .* nothing joins its clusters; user: /),
      created_at: expect.any(String),
      updated_at: null,
      links: [
        { href: `${api.url}/v1/federations/${body.uuid}`, rel: 'self' },
        { href: `${api.url}/federations/${body.uuid}`, rel: 'bookmark' },
      ],
    });
    expect((await demo.get(`/v1/federations/${body.uuid}`)).body.name).toBe('fed');
  });

  it('is refused without a host that there is, a DNS zone, or with members that there are not', async () => {
    for (const wrong of [
      { hostcluster_id: undefined },
      { hostcluster_id: 'nowhere' },
      { hostcluster_id: api.ids.uuid() },
      { properties: undefined },
      { properties: { zone: 'x' } },
      { member_ids: ['nowhere'] },
      { member_ids: ['member', member] },
      { member_ids: 'member' },
      { name: '1st' },
      { status: 'CREATE_COMPLETE' },
    ]) {
      expect([wrong, (await order(wrong)).status]).toEqual([wrong, 400]);
    }
    expect((await demo.get('/v1/federations')).body).toEqual({ federations: [] });
    await makeCluster(demo, { name: 'host' });
    expect((await order()).status).toBe(409);
    expect((await order({ hostcluster_id: host })).status).toBe(202);
  });

  it("takes a cluster in and lets it go by upstream's add and remove with a value", async () => {
    await order();

    expect((await patch({ op: 'add', path: '/member_ids', value: 'member' })).status).toBe(202);
    expect(await shown()).toMatchObject({ member_ids: [member], status: 'UPDATE_FAILED' });
    expect((await shown()).updated_at).not.toBeNull();
    expect((await patch({ op: 'add', path: '/member_ids', value: member })).status).toBe(409);
    expect((await patch({ op: 'add', path: '/member_ids', value: 'nowhere' })).status).toBe(400);
    expect((await patch({ op: 'remove', path: '/member_ids', value: host })).status).toBe(404);
    expect((await patch({ op: 'remove', path: '/member_ids', value: member })).status).toBe(202);
    expect((await shown()).member_ids).toEqual([]);
  });

  it('takes whole lists and properties as Python literals, and lets nothing else be changed', async () => {
    await order();

    const zone = { op: 'replace', path: '/properties/dns-zone', value: 'example.com' };
    expect((await patch({ op: 'replace', path: '/member_ids', value: `['${member}', 'host']` }, zone)).status).toBe(
      202,
    );
    expect(await shown()).toMatchObject({ member_ids: [member, host], properties: { 'dns-zone': 'example.com' } });
    const properties = { op: 'replace', path: '/properties', value: "{'dns-zone': 'a.b', 'x': '1'}" };
    expect((await patch(properties, { op: 'remove', path: '/member_ids' })).status).toBe(202);
    expect(await shown()).toMatchObject({ member_ids: [], properties: { 'dns-zone': 'a.b', x: '1' } });
    for (const wrong of [
      { op: 'remove', path: '/properties' },
      { op: 'remove', path: '/properties/dns-zone' },
      { op: 'replace', path: '/name', value: 'other' },
      { op: 'replace', path: '/hostcluster_id', value: member },
      { op: 'replace', path: '/status', value: 'CREATE_COMPLETE' },
      { op: 'replace', path: '/member_ids', value: 'not a list' },
      { op: 'replace', path: '/member_ids', value: "{'a': 'b'}" },
    ]) {
      expect([wrong, (await patch(wrong)).status]).toEqual([wrong, 400]);
    }
  });

  it('is listed in pages, in short or in full, to its project alone, and deleted', async () => {
    for (const name of ['a', 'b', 'c']) await order({ name });

    const { body } = await demo.get('/v1/federations?sort_key=name&sort_dir=desc');
    const rest = await demo.get(body.next.slice(api.url.length));
    const detail = await demo.get('/v1/federations/detail');

    expect(body.federations.map(({ name }: { name: string }) => name)).toEqual(['c', 'b']);
    expect(rest.body.federations.map(({ name }: { name: string }) => name)).toEqual(['a']);
    expect(body.federations[0]).not.toHaveProperty('status_reason');
    expect(detail.body.federations[0]).toHaveProperty('status_reason');
    const alt = await api.as('alt_demo', 'alt');
    expect((await alt.get('/v1/federations')).body).toEqual({ federations: [] });
    expect((await alt.get('/v1/federations/a')).status).toBe(404);
    expect((await alt.delete('/v1/federations/a')).status).toBe(404);
    expect((await demo.delete('/v1/federations/a')).status).toBe(204);
    expect((await demo.get('/v1/federations/a')).status).toBe(404);
    await order({ name: 'b' });
    expect((await demo.get('/v1/federations/b')).status).toBe(409);
  });
});
