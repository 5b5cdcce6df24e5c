import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../common/config/load.js';
import { sampleConfig } from '../common/config/sample.js';
import { configSchema } from '../common/config/schema.js';

describe('the configuration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-config-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function file(text: string): string {
    const path = join(folder, 'bayou.conf');
    writeFileSync(path, text);
    return path;
  }

  it('has a default for everything that embedded use needs', () => {
    const { config } = loadConfig(undefined, {});

    expect(config.api).toMatchObject({ host: '127.0.0.1', port: 9511, maxLimit: 1000 });
    expect(config.general.transportUrl).toBeUndefined();
    expect(config.keystoneAuthtoken.authUrl).toBeUndefined();
  });

  it("reads oslo's form: comments, colons, quotes, lists and lines that go on", () => {
    const path = file(
      [
        '# a comment',
        '[DEFAULT]',
        'debug = Yes',
        '; another',
        '[keystone_authtoken]',
        'auth_url: http://keystone:5000/v3',
        "password = 'with spaces '",
        '[trust]',
        'roles = member,',
        '  reader',
        '[api]',
        'port = 1',
        'port = 9000',
      ].join('\r\n'),
    );

    const { config } = loadConfig(path, {});

    expect(config.general.debug).toBe(true);
    expect(config.keystoneAuthtoken).toMatchObject({ authUrl: 'http://keystone:5000/v3', password: 'with spaces ' });
    expect(config.trust.roles).toEqual(['member', 'reader']);
    expect(config.api.port).toBe(9000);
  });

  it('puts the environment over the file', () => {
    const path = file('[api]\nport = 1000\nhost = 127.0.0.2\n[DEFAULT]\nhost = one\n');

    const { config } = loadConfig(path, { BAYOU_API__PORT: '2000', BAYOU_DEFAULT__HOST: 'two', PATH: '/bin' });

    expect(config.api).toMatchObject({ port: 2000, host: '127.0.0.2' });
    expect(config.general.host).toBe('two');
  });

  it('reports all problems at once, each with its place', () => {
    const path = file('[api]\nport = lots\nmax_limit = 0\n[x509]\nallow_ca = maybe\n');

    const load = () => loadConfig(path, { BAYOU_CONDUCTOR__LEASE_SECONDS: '1' });

    expect(load).toThrow(/has 4 problem\(s\)/);
    for (const place of ['[api] port:', '[api] max_limit:', '[x509] allow_ca:', '[conductor] lease_seconds:']) {
      expect(load).toThrow(place);
    }
  });

  it('names the right word for a slip', () => {
    expect(() => loadConfig(file('[api]\nprot = 9511\n'), {})).toThrow(
      '[api] prot: no such setting; did you mean "port"?',
    );
    expect(() => loadConfig(undefined, { BAYOU_API__COLOUR: 'red' })).toThrow('BAYOU_API__COLOUR: no such setting');
  });

  it('passes over what is left empty', () => {
    const { config } = loadConfig(file('[keystone_authtoken]\nregion_name =\n[trust]\nallowed_roles =\n'), {});

    expect(config.keystoneAuthtoken.regionName).toBeUndefined();
    expect(config.trust.allowedRoles).toEqual([]);
  });

  it('says which line of the file is no setting, and that a file is missing', () => {
    expect(() => loadConfig(file('[api]\nnonsense\n'), {})).toThrow(/bayou\.conf, line 2: expected/);
    expect(() => loadConfig(join(folder, 'none.conf'), {})).toThrow(/can't be read/);
  });

  it('cannot be changed afterwards', () => {
    const { config } = loadConfig(undefined, {});

    expect(() => Object.assign(config.api, { port: 1 })).toThrow(TypeError);
  });

  it('prints a sample that means the defaults, commented out or not', () => {
    const sample = sampleConfig();
    const uncommented = sample.replace(/^#(\w+ = (?!<none>|$).*)$/gm, '$1');
    const { config: defaults } = loadConfig(undefined, {});
    // These are looked for beside the file.
    const located = { policyFile: join(folder, 'policy.yaml'), policyDirs: [join(folder, 'policy.d')] };
    const config = { ...defaults, osloPolicy: { ...defaults.osloPolicy, ...located } };

    expect(loadConfig(file(sample), {})).toEqual({ config, passedOver: [] });
    expect(loadConfig(file(uncommented), {})).toEqual({ config, passedOver: [] });
    for (const section of Object.keys(configSchema.shape)) expect(sample).toContain(`[${section}]`);
  });
});
