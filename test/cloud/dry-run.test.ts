import { Readable } from 'node:stream';
import type { Session } from '../../openstack/session.js';
import type { ApiClient } from '../support/api-fixture.js';
import { makeTemplate, templateOf } from '../support/orders.js';
import { type CloudSite, openCloudSite } from './cloud-site.js';
import { readTarget } from './target.js';

const target = readTarget(process.env);
const ctx = {};

jest.setTimeout(10 * 60_000);

interface Mistake {
  template?: Record<string, unknown>;
  cluster?: Record<string, unknown>;
  /** Field, code and some words of what is found. */
  finds: [field: string, code: string | null, words: string];
}

/** Of an order that is right else. */
const MISTAKES: Record<string, Mistake> = {
  'an unknown image': { template: { image_id: 'no' }, finds: ['image_id', 'image_not_found', 'Image no'] },
  'an image without os_distro': {
    template: { image_id: 'without-distro' },
    finds: ['image_id', 'image_without_os_distro', 'without-distro'],
  },
  'an image whose data was never uploaded': {
    template: { image_id: 'queued' },
    finds: ['image_id', 'image_not_found', 'queued'],
  },
  'an orchestrator that nobody serves': {
    template: { coe: 'dcos' },
    finds: ['coe', 'cluster_type_unsupported', 'no driver serves dcos'],
  },
  'an unknown flavor': { template: { flavor_id: 'no' }, finds: ['flavor_id', 'flavor_not_found', 'no'] },
  'an unknown flavor of masters': {
    cluster: { master_flavor_id: 'no' },
    finds: ['master_flavor_id', 'flavor_not_found', 'no'],
  },
  'a flavor with too small a disk': {
    template: { image_id: 'large-disk', master_flavor_id: undefined },
    finds: ['flavor_id', 'flavor_too_small', 'the image needs 5000'],
  },
  'a flavor with too little RAM': {
    template: { image_id: 'large-ram', master_flavor_id: undefined },
    finds: ['flavor_id', 'flavor_too_small', 'the image needs 500000'],
  },
  'an unknown keypair': { cluster: { keypair: 'no' }, finds: ['keypair', 'keypair_not_found', 'no'] },
  'an unknown external network': {
    template: { external_network_id: 'no' },
    finds: ['external_network_id', 'network_not_found', 'External network no'],
  },
  'an unknown network': {
    cluster: { fixed_network: 'no' },
    finds: ['fixed_network', 'network_not_found', 'Network no'],
  },
  'an unknown subnet': {
    cluster: { fixed_network: 'small', fixed_subnet: 'no' },
    finds: ['fixed_subnet', 'network_not_found', 'Subnet no'],
  },
  'a subnet with too few addresses': {
    cluster: { fixed_network: 'small', fixed_subnet: 'small' },
    finds: ['fixed_subnet', 'address_exhausted', 'needs 3 addresses'],
  },
  'a network of its own that is too small': {
    cluster: { node_count: 5, labels: { fixed_subnet_cidr: '10.0.0.0/29' } },
    finds: ['labels.fixed_subnet_cidr', null, 'needs 6 addresses'],
  },
  'a number of masters without a majority': {
    cluster: { master_count: 2 },
    finds: ['master_count', null, '1, 3 or 5'],
  },
  'an unknown availability zone': {
    cluster: { labels: { availability_zone: 'no' } },
    finds: ['labels.availability_zone', 'availability_zone_not_found', 'no availability zone no'],
  },
  'an unknown volume type': {
    cluster: { docker_volume_size: 10, labels: { docker_volume_type: 'no' } },
    finds: ['labels.docker_volume_type', 'volume_type_not_found', 'no volume type no'],
  },
};

/** Of one master and two nodes with volumes, floating addresses and a load balancer. */
const TOO_LOW = {
  compute: { path: (id: string) => `/os-quota-sets/${id}`, body: { quota_set: { cores: 2, ram: 100, instances: 2 } } },
  network: {
    path: (id: string) => `/quotas/${id}`,
    body: { quota: { port: 3, floatingip: 1, network: 0, subnet: 0, router: 0, security_group: 1 } },
  },
  'block-storage': {
    path: (id: string) => `/os-quota-sets/${id}`,
    body: { quota_set: { volumes: 2, gigabytes: 20 } },
  },
  'load-balancer': { path: (id: string) => `/lbaas/quotas/${id}`, body: { quota: { load_balancer: 0 } } },
} as const;

const LACKING = [
  ...['cores', 'MiB of RAM', 'servers', 'ports', 'floating IPs', 'networks', 'subnets', 'routers'],
  ...['security groups', 'volumes', 'GiB of volumes', 'load balancers'],
];

async function addImage(member: Session, name: string, properties: Record<string, unknown>, data?: string) {
  const body = { name, disk_format: 'raw', container_format: 'bare', visibility: 'private', ...properties };
  const image = { service: 'image', method: 'POST', path: '/images', body } as const;
  const { id } = (await member.request<{ id: string }>(ctx, image)).body;
  if (data === undefined) return id;
  const upload = { service: 'image', method: 'PUT', path: `/images/${id}/file` } as const;
  await member.request(ctx, {
    ...upload,
    headers: { 'Content-Type': 'application/octet-stream' },
    upload: { open: () => Readable.from([Buffer.from(data)]), sizeBytes: data.length },
  });
  return id;
}

/** A subnet of one address beside the gateway's. @returns what takes it away */
async function addSmallNetwork(member: Session): Promise<() => Promise<void>> {
  const network = {
    service: 'network',
    method: 'POST',
    path: '/networks',
    body: { network: { name: 'small' } },
  } as const;
  const { id } = (await member.request<{ network: { id: string } }>(ctx, network)).body.network;
  const subnet = { name: 'small', network_id: id, ip_version: 4, cidr: '10.9.9.0/30' };
  await member.request(ctx, { service: 'network', method: 'POST', path: '/subnets', body: { subnet } });
  return async () =>
    void (await member.request(ctx, { service: 'network', method: 'DELETE', path: `/networks/${id}` }));
}

describe('A dry run on a real cloud finds', () => {
  let site: CloudSite;
  let client: ApiClient;
  let templateId: string;
  const ends: (() => Promise<unknown>)[] = [];

  const right = (changes: Record<string, unknown> = {}) =>
    templateOf({
      image_id: target.image,
      flavor_id: target.flavor,
      master_flavor_id: target.flavor,
      external_network_id: target.externalNetwork,
      ...changes,
    });
  const order = (changes: Record<string, unknown> = {}) => ({
    name: 'planned',
    cluster_template_id: templateId,
    node_count: 2,
    ...changes,
  });

  beforeAll(async () => {
    site = await openCloudSite(target, undefined);
    ends.push(() => site.close());
    const images = [
      await addImage(site.member, 'without-distro', {}, 'data'),
      await addImage(site.member, 'queued', { os_distro: 'debian' }),
      await addImage(site.member, 'large-disk', { os_distro: 'debian', min_disk: 5000 }, 'data'),
      await addImage(site.member, 'large-ram', { os_distro: 'debian', min_ram: 500_000 }, 'data'),
    ];
    for (const id of images) {
      ends.push(() => site.member.request(ctx, { service: 'image', method: 'DELETE', path: `/images/${id}` }));
    }
    ends.push(await addSmallNetwork(site.member));
    client = (await site.client(await site.processes.start('all'))).at('latest');
    templateId = await makeTemplate(client, right());
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  it('nothing where all is right', async () => {
    const { status, body } = await client.post('/v1/clusters?dry_run=true', order());

    expect({ status, findings: body.findings }).toEqual({ status: 200, findings: [] });
  });

  it.each(Object.entries(MISTAKES))('%s', async (_, { template, cluster, finds: [field, code, words] }) => {
    const { status, body } =
      template === undefined
        ? await client.post('/v1/clusters?dry_run=true', order(cluster))
        : await client.post('/v1/clustertemplates?dry_run=true', right(template));

    expect(status).toBe(200);
    expect(body.findings).toEqual([expect.objectContaining({ field, code, message: expect.stringContaining(words) })]);
  });

  it('every quota that is too low at once, with numbers', async () => {
    for (const [service, { path, body }] of Object.entries(TOO_LOW)) {
      const request = { method: 'PUT', path: path(site.tenant.projectId), body } as const;
      await site.service.request(ctx, { service: service as keyof typeof TOO_LOW, ...request });
    }
    await site.processes.killAll();
    // One that has asked for nothing yet.
    const another = (await site.client(await site.processes.start('all'))).at('latest');
    const wants = { docker_volume_size: 10, floating_ip_enabled: true, master_lb_enabled: true };

    const { body } = await another.post('/v1/clusters?dry_run=true', order(wants));

    const found = body.findings.map(({ code, message }: { code: string; message: string }) => {
      const [, what] = /needs \d+ (.+?), \d+ of \d+ left/.exec(message) ?? [];
      return code === 'quota_exceeded' ? what : message;
    });
    expect(found.sort()).toEqual(LACKING.sort());
    expect((await another.get('/v1/clusters')).body.clusters).toEqual([]);
    expect(await site.serverIds()).toEqual({});
  });
});
