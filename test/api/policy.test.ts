import { Policy } from '../../api/policy.js';
import { DEFAULT_RULES } from '../../api/policy-rules.js';
import { routes } from '../../api/routes.js';
import { clusters } from '../../common/db/clusters.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, accountToken, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';

describe('A policy', () => {
  const me = { user_id: 'u', project_id: 'p', domain_id: 'd', roles: ['Member'] };
  const allows = (rule: string, target = {}, extra = {}) =>
    new Policy({ context_is_admin: 'role:admin', other: 'role:member', rule, ...extra }).allows('rule', target, me);

  it.each([
    ['', true],
    ['@', true],
    ['!', false],
    ['not !', true],
    ['role:member', true],
    ['role:admin', false],
    ['rule:other', true],
    ['not rule:other', false],
    ['is_admin:True', false],
    ['is_admin:False', true],
    ['role:admin or role:member', true],
    ['role:admin and role:member', false],
    ['role:member or role:admin and role:admin', true],
    ['(role:member or role:admin) and role:admin', false],
    ['not (role:admin or !)', true],
    ['not role:admin and not role:x', true],
    ['project_id:%(project_id)s', true],
    ['user_id:%(project_id)s', false],
    ['user_id:%(missing)s', false],
    ['user_id:u', true],
    ['(user_id:%(user_id)s)', true],
    ['missing:%(missing)s', false],
    ['toString:x', false],
  ])('reads "%s"', (rule, expected) => {
    expect(allows(rule, { project_id: 'p', user_id: 'u' })).toBe(expected);
  });

  it.each([
    'role',
    'rule:none',
    '(role:a',
    'role:a)',
    'role:a role:b',
    'or role:a',
    'role:a and',
    'not',
    'rule:rule',
    ':x',
  ])('refuses "%s" at the start', (rule) => {
    expect(() => allows(rule)).toThrow(/^Policy rule "\w+": /);
  });

  it('allows nobody what no rule speaks of', () => {
    expect(new Policy(DEFAULT_RULES).allows('nothing', {}, me)).toBe(false);
  });
});

const WHO = ['owner', 'reader', 'other project', 'admin', 'account', 'nobody'] as const;

/** What each of `WHO` gets for an order without a body, in turn. What is allowed goes on to be 400 for want of one. */
const EXPECTED: Record<string, number[]> = {
  'GET /v1/clustertemplates': [200, 200, 200, 200, 403, 401],
  'GET /v1/clustertemplates/detail': [200, 200, 200, 200, 403, 401],
  'POST /v1/clustertemplates': [400, 400, 400, 400, 403, 401],
  'GET /v1/clustertemplates/{template}': [200, 200, 404, 200, 403, 401],
  'PATCH /v1/clustertemplates/{template}': [400, 400, 404, 404, 400, 401],
  'DELETE /v1/clustertemplates/{template}': [400, 400, 404, 400, 400, 401],
  'GET /v1/clusters': [200, 200, 200, 200, 403, 401],
  'GET /v1/clusters/detail': [200, 200, 200, 200, 403, 401],
  'POST /v1/clusters': [400, 400, 400, 400, 403, 401],
  'GET /v1/clusters/{cluster}': [200, 200, 404, 200, 403, 401],
  'PATCH /v1/clusters/{cluster}': [400, 400, 404, 400, 403, 401],
  'POST /v1/clusters/{cluster}/actions/resize': [400, 400, 404, 404, 403, 401],
  'POST /v1/clusters/{cluster}/actions/upgrade': [400, 400, 404, 400, 403, 401],
  'GET /v1/clusters/{cluster}/nodegroups': [200, 200, 404, 200, 200, 401],
  'GET /v1/clusters/{cluster}/nodegroups/{nodegroup}': [200, 200, 404, 200, 200, 401],
  'POST /v1/clusters/{cluster}/nodegroups': [400, 400, 404, 404, 400, 401],
  'PATCH /v1/clusters/{cluster}/nodegroups/{nodegroup}': [400, 400, 404, 404, 400, 401],
  'DELETE /v1/clusters/{cluster}/nodegroups/{nodegroup}': [400, 400, 404, 404, 400, 401],
  'GET /v1/clusters/{cluster}/nodes': [200, 200, 404, 200, 403, 401],
  'GET /v1/clusters/{cluster}/events': [200, 200, 404, 200, 403, 401],
  'GET /v1/clusters/{cluster}/operations': [200, 200, 404, 200, 403, 401],
  // 404: there is no authority yet, which only the allowed learn.
  'GET /v1/certificates/{cluster}': [404, 403, 404, 404, 404, 401],
  'POST /v1/certificates': [400, 400, 400, 400, 400, 401],
  'GET /v1/mservices': [403, 403, 403, 200, 403, 401],
  'DELETE /v1/clusters/{cluster}': [204, 204, 404, 204, 403, 401],
};

describe('Every route', () => {
  let api: ApiFixture;
  let clients: Record<(typeof WHO)[number], ApiClient>;
  let ids: Record<string, string>;
  beforeAll(async () => {
    api = await startApi();
    const owner = await api.as('demo');
    const template = await makeTemplate(owner);
    const cluster = await makeCluster(owner, { cluster_template_id: template });
    const account = await accountToken(api.cloud, cluster, seedId('project demo'));
    const known = { accountUserId: account.userId };
    await api.db.transaction('test', (trx) => clusters.update(trx, { uuid: cluster }, known));
    ids = { template, cluster, nodegroup: 'default-worker' };
    clients = {
      owner,
      reader: await api.as('reader', 'demo'),
      'other project': await api.as('alt_demo', 'alt'),
      admin: await api.as('admin'),
      account: api.anonymous.with({ 'X-Auth-Token': account.token }),
      nobody: api.anonymous,
    };
  });
  afterAll(() => api.stop());

  it('that needs a token is in the table', () => {
    const known = routes.filter(({ isPublic }) => !isPublic).map(({ method, path }) => `${method} ${path}`);

    expect(Object.keys(EXPECTED).sort()).toEqual(known.sort());
  });

  it.each(Object.entries(EXPECTED))('lets those in that it is for: %s', async (route, expected) => {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');

    const statuses: number[] = [];
    for (const who of WHO) statuses.push((await clients[who].at('latest').send(method, path)).status);

    expect(statuses).toEqual(expected);
  });
});
