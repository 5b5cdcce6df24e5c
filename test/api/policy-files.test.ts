import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '../../api/policy-files.js';
import { defaultRules } from '../../api/policy-rules.js';
import { loadConfig } from '../../common/config/load.js';
import { type ApiFixture, startApi, tokenOf } from '../support/api-fixture.js';
import { makeTemplate } from '../support/orders.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bayou-policy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The policy of a configuration in the folder. */
function load(...lines: string[]) {
  const file = write('bayou.conf', ['[oslo_policy]', ...lines].join('\n'));
  return loadPolicy(loadConfig(file, {}).config.osloPolicy);
}

const member = { roles: ['member'], known: { user_id: 'u', project_id: 'p' } };
const allows = (policy: ReturnType<typeof loadPolicy>, rule: string) =>
  policy.allows(rule, (field) => ({ user_id: 'u', project_id: 'p' })[field], member);

describe("An operator's policy file", () => {
  it('is policy.yaml beside the configuration, and holds over the defaults', () => {
    write('policy.yaml', '# only admins\n"cluster:create": "rule:admin_api"\n');
    const policy = load();

    expect(allows(policy, 'cluster:create')).toBe(false);
    expect(allows(policy, 'cluster:update')).toBe(true);
    expect(policy.warnings).toEqual([]);
  });

  it.each([
    ['policy.json', '{"cluster:create": "!"}', ''],
    ['policy.json', '{"cluster:create": "!"}', 'policy_file = policy.yaml'],
    ['policy.d/10.yaml', 'cluster:create: "!"', ''],
    ['mine.yaml', 'cluster:create: "!"', 'policy_file = mine.yaml'],
    ['more/a.yaml', 'cluster:create: "!"', 'policy_dirs = more'],
    ['policy.yaml', 'admin_or_project_member_deny_cluster_user: "role:admin"', ''],
    ['policy.yaml', 'cluster:create: [["role:admin"], ["role:member", "user_id:x"]]', ''],
    ['policy.yaml', 'cluster:create: [[]]', ''],
    ['policy.yaml', 'cluster:create: "rule:mine"\nmine: "not role:member"', ''],
    ['policy.yaml', 'cluster:create: "rule:none"\ndefault: "!"', ''],
  ])('may be %s with %s and the setting "%s"', (name, text, setting) => {
    mkdirSync(join(folder, 'policy.d'));
    mkdirSync(join(folder, 'more'));
    write(name, text);

    expect(allows(load(setting), 'cluster:create')).toBe(false);
  });

  it('may allow what the defaults do not', () => {
    write(
      'policy.yaml',
      'clustertemplate:publish: ""\nmagnum-service:get_all: [["role:member"]]\nquota:get_all: "@"\n',
    );
    const policy = load();

    for (const rule of ['clustertemplate:publish', 'magnum-service:get_all', 'quota:get_all']) {
      expect([rule, allows(policy, rule)]).toEqual([rule, true]);
    }
  });

  it('need not be there, nor hold anything', () => {
    expect(allows(load(), 'cluster:create')).toBe(true);
    write('policy.yaml', '# nothing\n');
    expect(allows(load(), 'cluster:create')).toBe(true);
  });

  it('is warned about where it has rules that nobody asks for', () => {
    write('policy.yaml', 'cluster:craete: "!"\npods: "!"\npod:create: "!"\nbay:create: "!"\ndefault: "!"\n');

    expect(load().warnings).toEqual([
      'Policy rule "cluster:craete" is none of Bayou\'s and does nothing; did you mean "cluster:create"?',
      'Policy rule "pods" is none of Bayou\'s and does nothing',
    ]);
  });

  it.each([
    ['cluster:create: "role:admin or"', 'Policy rule "cluster:create": it ends too early'],
    ['cluster:create: "rule:admin_apy"', 'there is no rule "admin_apy"; did you mean "rule:admin_api"?'],
    ['cluster:create: "http://policy.example/%(name)s"', 'checks by HTTP are not made'],
    ['cluster:create:', 'rule "cluster:create" is no text'],
    ['cluster:create: !', 'rule "cluster:create" is no text; in quotes, "!" is for nobody'],
    ['cluster:create: true', 'rule "cluster:create" is no text'],
    ['cluster:create: {a: b}', 'rule "cluster:create" is no text'],
    ['cluster:create: [[1]]', 'rule "cluster:create" is no text'],
    ['a: "@"\na: "!"', 'Map keys must be unique at line 2, column 1'],
    ['- a', 'expected names of rules and their texts'],
    ['cluster:create: @', 'at line 1, column 17'],
  ])('that says "%s" stops the start with one sentence', (text, sentence) => {
    write('policy.yaml', text);

    expect(() => load()).toThrow(sentence);
    expect(() => load()).toThrow(/^[^\n]+$/);
  });

  it('that is named and not there stops the start', () => {
    expect(() => load('policy_file = mine.yaml')).toThrow(`[oslo_policy] policy_file: there is no ${folder}/mine.yaml`);
  });
});

it('The newer defaults allow nothing that the older ones, OR-ed with them, do not', () => {
  const older = defaultRules(false);

  for (const [rule, newer] of Object.entries(defaultRules(true))) {
    expect(older[rule as keyof typeof older] === newer || older[rule as keyof typeof older].includes(newer)).toBe(true);
  }
});

describe('A running API', () => {
  let api: ApiFixture;
  afterEach(() => api.stop());

  const settings = () => ({ BAYOU_OSLO_POLICY__POLICY_FILE: join(folder, 'policy.yaml') });

  /** With a time of its own, for file systems that keep whole seconds. */
  function change(text: string, second: number): void {
    utimesSync(write('policy.yaml', text), second, second);
  }

  it('reads the file again when it has changed, and knows admins by it at once', async () => {
    change('cluster:get_all: "!"', 1);
    api = await startApi({ settings: settings() });
    const demo = await api.as('demo');
    expect((await demo.get('/v1/clusters')).status).toBe(403);
    change('context_is_admin: "role:member"', 2);
    await api.clock.advance(10_000);

    expect((await demo.get('/v1/clusters')).status).toBe(200);
    expect((await demo.get('/v1/mservices')).status).toBe(200);
  });

  it('keeps its rules while the changed file is broken, or gone', async () => {
    change('cluster:get_all: "!"', 1);
    api = await startApi({ settings: settings() });
    const demo = await api.as('demo');
    change('cluster:get_all: "role', 2);
    await api.clock.advance(10_000);
    expect((await demo.get('/v1/clusters')).status).toBe(403);
    rmSync(join(folder, 'policy.yaml'));
    await api.clock.advance(10_000);
    expect((await demo.get('/v1/clusters')).status).toBe(403);
    change('cluster:get_all: "@"', 3);
    await api.clock.advance(10_000);

    expect((await demo.get('/v1/clusters')).status).toBe(200);
  });

  it('takes no admin of a domain for one of the cloud', async () => {
    api = await startApi();
    await makeTemplate(await api.as('demo'));
    const token = await tokenOf(api.cloud, 'magnum_domain_admin', { domain: { name: 'magnum' } }, 'magnum');
    const domainAdmin = api.anonymous.with({ 'X-Auth-Token': token });

    expect((await domainAdmin.get('/v1/mservices')).status).toBe(403);
    expect((await domainAdmin.get('/v1/clustertemplates/swarm')).status).toBe(404);
  });

  it('refuses tokens of other scopes than projects with enforce_scope', async () => {
    api = await startApi({ settings: { BAYOU_OSLO_POLICY__ENFORCE_SCOPE: 'true' } });
    const withToken = (token: string) => api.anonymous.with({ 'X-Auth-Token': token });
    const system = withToken(await tokenOf(api.cloud, 'admin', { system: { all: true } }));
    const domain = withToken(await tokenOf(api.cloud, 'magnum_domain_admin', { domain: { name: 'magnum' } }, 'magnum'));
    const admin = await api.as('admin');
    const statuses = async (path: string) => [
      (await system.get(path)).status,
      (await domain.get(path)).status,
      (await admin.get(path)).status,
    ];

    expect(await statuses('/v1/clusters')).toEqual([403, 403, 200]);
    expect(await statuses('/v1/stats')).toEqual([403, 403, 200]);
    // Rules of admins are for every scope, as upstream has them.
    expect(await statuses('/v1/mservices')).toEqual([200, 403, 200]);
    expect((await (await api.as('demo')).get('/v1/clusters')).status).toBe(200);
  });
});
