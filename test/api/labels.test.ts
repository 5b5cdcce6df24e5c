import { labelProblems } from '../../drivers/labels.js';
import { makeDrivers } from '../../drivers/registry.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';

let api: ApiFixture;
let demo: ApiClient;
beforeAll(async () => {
  api = await startApi();
  demo = await api.as('demo');
});
afterAll(() => api.stop());

interface Label {
  name: string;
  driver: string;
  coes: string[];
}

describe('The list of labels', () => {
  it('has those of every driver, typed', async () => {
    const { status, body } = await demo.get('/v1/labels');

    expect(status).toBe(200);
    const names = body.labels.map(({ name, driver }: Label) => `${driver} ${name}`);
    const known = Object.values(makeDrivers()).flatMap(({ name, labels }) =>
      Object.keys(labels).map((label) => `${name} ${label}`),
    );
    expect(names.sort()).toEqual(known.sort());
    const of = (wanted: string) => body.labels.find(({ name }: Label) => name === wanted);
    expect(of('fixed_subnet_cidr')).toMatchObject({ type: 'cidr', default: '10.0.0.0/24', help: expect.any(String) });
    expect(of('etcd_volume_size')).toMatchObject({ type: 'integer', default: '0', min: 0, max: 16_384 });
    expect(of('cgroup_driver')).toMatchObject({ type: 'choice', default: 'systemd', values: ['systemd', 'cgroupfs'] });
    expect(of('kube_tag')).toMatchObject({
      type: 'text',
      default: expect.stringMatching(/^v1\./),
      pattern: '^v\\d+\\.\\d+\\.\\d+$',
    });
    expect(of('use_podman')).toMatchObject({ type: 'meaningless', default: null });
  });

  it('keeps to one orchestrator', async () => {
    const swarm = (await demo.get('/v1/labels?coe=swarm-mode')).body.labels;

    expect(new Set(swarm.map(({ driver }: Label) => driver))).toEqual(new Set(['swarm']));
    expect(swarm[0].coes).toEqual(['swarm', 'swarm-mode']);
    expect((await demo.get('/v1/labels?coe=dcos')).body.labels).toEqual([]);
    expect((await demo.get('/v1/labels?driver=swarm')).status).toBe(400);
  });

  it('says no default that would be refused', () => {
    const wrong = Object.values(makeDrivers()).flatMap(({ labels }) =>
      Object.entries(labels).flatMap(([name, { default: value }]) =>
        value === undefined ? [] : labelProblems(labels, { [name]: value }),
      ),
    );

    expect(wrong).toEqual([]);
  });
});
