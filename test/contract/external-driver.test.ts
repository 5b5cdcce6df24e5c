import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadExternalDriver } from '../../drivers/external.js';
import { DriverRegistry } from '../../drivers/registry.js';
import { Scenario } from '../engine/scenario.js';
import { describeDriver } from './driver.contract.js';

const EXAMPLE = resolve(__dirname, '../../examples/machines/driver.js');
const TEMPLATE = {
  name: 'machines',
  coe: 'machines',
  image_id: 'debian-12',
  flavor_id: 'm1.small',
  keypair_id: 'demo',
  external_network_id: 'public',
  labels: { machine_packages: 'htop,tcpdump' },
};

describeDriver('machines', loadExternalDriver(EXAMPLE));

describe('a driver that others wrote', () => {
  let scenario: Scenario;

  afterEach(() => scenario?.stop());

  it('has clusters like any other: made, resized by a chosen node, and deleted without a trace', async () => {
    scenario = await Scenario.start({ settings: { BAYOU_DRIVERS__EXTERNAL_DRIVERS: EXAMPLE } }, TEMPLATE);
    const { servers } = scenario.world.cloud.state.compute;
    await scenario.create();

    expect(await scenario.settled()).toMatchObject({
      status: 'CREATE_COMPLETE',
      apiAddress: expect.stringMatching(/^ssh:\/\/[\d.]+:22$/),
    });
    expect(await scenario.until((cluster) => cluster?.healthStatus === 'HEALTHY')).toBeDefined();

    const worker = [...servers.values()].find(({ name }) => name.endsWith('worker-0'));
    await scenario.resize({ node_count: 1, nodes_to_remove: [worker?.id] });
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(servers.has(worker?.id ?? '')).toBe(false);

    await scenario.delete();
    expect(await scenario.until((cluster) => cluster === undefined)).toBeUndefined();
    expect(scenario.leftovers()).toEqual({});
  });

  it('refuses what it can not do, by the field', async () => {
    scenario = await Scenario.start({ settings: { BAYOU_DRIVERS__EXTERNAL_DRIVERS: EXAMPLE } }, TEMPLATE);
    const order = { name: 'c', cluster_template_id: 'machines', master_count: 3, labels: { machine_packages: '-x' } };

    const { status, data } = (await scenario.world.request('POST', '/clusters', order)) ?? {};

    expect(status).toBe(400);
    expect(JSON.stringify(data)).toMatch(/master_count.*first|first.*master_count/);
    expect(JSON.stringify(data)).toContain('names of packages with commas between');
  });
});

describe('a module that is no driver', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-driver-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function module(name: string, text: string): string {
    const file = join(folder, `${name}.js`);
    writeFileSync(file, text);
    return file;
  }

  it.each([
    ['missing', undefined, /^\[drivers\] external_drivers: .*missing\.js can not be loaded: .*Cannot find module/],
    ['other', 'module.exports = {};', /other\.js can not be loaded: it exports no function$/],
    ['throws', 'module.exports = () => { throw new Error("no licence"); };', /can not be loaded: no licence$/],
    ['empty', 'module.exports = () => ({ name: "empty" });', /empty\.js is no driver: .*serves/s],
  ])('is refused when Bayou starts, with what is wrong: %s', (name, text, problem) => {
    const file = text === undefined ? join(folder, `${name}.js`) : module(name, text);

    expect(() => new DriverRegistry({ external: [file] })).toThrow(problem);
  });

  it('is refused when it serves what another one serves', () => {
    const twice = module(
      'twice',
      `module.exports = (blocks) => ({ ...require(${JSON.stringify(EXAMPLE)})(blocks), name: 'twice' });`,
    );

    expect(() => new DriverRegistry({ external: [EXAMPLE, twice] })).toThrow(/twice\.js and the driver machines/);
    expect(
      new DriverRegistry({ external: [EXAMPLE] }).serving({ serverType: 'vm', os: 'debian', coe: 'machines' })?.name,
    ).toBe('machines');
  });
});
