import type { ClusterTemplate } from '../../../common/db/cluster-templates.js';
import type { BayDriver } from '../../../drivers/driver.js';
import { labelProblems } from '../../../drivers/labels.js';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../../../drivers/node-stack.js';
import { HOST_NAME } from './host-name.js';
import { HOSTILE, leaksIn, MARK } from './hostile.js';
import { deepFreeze, mutilate } from './purity.js';
import {
  loadBalanced,
  nodeStackInput,
  planAll,
  plannedInfrastructure,
  type SampleOptions,
  sampleCluster,
  userDataOf,
  WITH_VOLUMES,
} from './sample-cluster.js';

/** Nova: `user_data`, in base64. Heat: `max_template_size`, `max_json_body_size`. */
const MAX_USER_DATA_BYTES = 65_535;
const MAX_TEMPLATE_BYTES = 512 * 1024;
const MAX_REQUEST_BYTES = 1024 * 1024;
const MAX_SERVERS_PER_STACK = 50;

/** Everything of a template that its owner writes as free text. */
const hostileTemplate: Partial<ClusterTemplate> = {
  name: HOSTILE,
  httpProxy: HOSTILE,
  httpsProxy: HOSTILE,
  noProxy: HOSTILE,
  insecureRegistry: HOSTILE,
  externalNetworkId: HOSTILE,
  tags: HOSTILE,
};
/** As long as the API takes them, in characters of three bytes. */
const longest = '界'.repeat(255);
const longTemplate: Partial<ClusterTemplate> = {
  httpProxy: longest,
  httpsProxy: longest,
  noProxy: longest,
  insecureRegistry: longest,
};

/** Hostile texts in all labels that take any text, and in labels that nobody knows. */
function hostileLabels(driver: BayDriver): Record<string, string> {
  const any = Object.keys(driver.labels).filter(
    (label) => labelProblems(driver.labels, { [label]: HOSTILE }).length === 0,
  );
  return Object.fromEntries([...any, 'unknown_label', `${MARK}-label`].map((label) => [label, HOSTILE]));
}

interface UserData {
  str_replace: { template: unknown; params: Record<string, unknown> };
}

/** Plans are pure, keep tenants' texts apart from code, and fit the limits of the cloud. */
export function describePlans(driver: BayDriver): void {
  const variants: SampleOptions[] = [
    {},
    { fixedNetwork: 'private', fixedSubnet: 'private-subnet' },
    {
      template: { tlsDisabled: true, floatingIpEnabled: false, externalNetworkId: undefined },
      fixedNetwork: 'private',
    },
    { name: HOSTILE, template: hostileTemplate, labels: hostileLabels(driver), fixedNetwork: HOSTILE },
    { name: HOSTILE, template: hostileTemplate, labels: hostileLabels(driver) },
    WITH_VOLUMES,
    ...loadBalanced(driver),
  ];

  it('plans the same for the same cluster, and changes nothing that it is given', () => {
    for (const variant of variants) {
      const cluster = sampleCluster(driver, variant);
      const before = structuredClone(cluster);
      const infrastructure = plannedInfrastructure(cluster);
      const [node = undefined] = cluster.masters;
      if (node === undefined) throw new Error('No master');
      const input = nodeStackInput(driver, cluster.spec, infrastructure, cluster.workers);
      for (const given of [cluster, infrastructure, input]) deepFreeze(given);

      const plan = () => [
        driver.planInfrastructure(cluster.spec),
        driver.planNode(cluster.spec, infrastructure, node),
        driver.planNodeStack(input),
        driver.planLoadBalancer?.(cluster.spec, infrastructure),
        driver.accessUrl(cluster.spec, infrastructure),
      ];
      const first = plan();
      mutilate(plan());

      expect(plan()).toEqual(first);
      expect(cluster).toEqual(before);
    }
  });

  it('lets no text of a tenant be anything but a whole value', () => {
    for (const variant of variants) {
      const plans = planAll(driver, sampleCluster(driver, variant));
      const { nodes, stack } = plans;

      expect(leaksIn(plans)).toEqual([]);
      for (const { steps, certificateProfiles } of nodes) {
        expect(JSON.stringify([steps, certificateProfiles])).not.toContain(MARK);
      }
      expect(stack.parameters.user_data).toBe(userDataOf(driver));
    }
  });

  it('puts node.json and ticket of each server, and nothing else, into the scripts', () => {
    const { stack } = planAll(driver, sampleCluster(driver, { name: HOSTILE, template: hostileTemplate }));
    const servers = Object.values(stack.template.resources).filter(({ type }) => type === 'OS::Nova::Server');

    for (const { properties = {} } of servers) {
      expect(properties).toMatchObject({ user_data_format: 'RAW', user_data_update_policy: 'IGNORE' });
      const { template, params } = (properties.user_data as UserData).str_replace;
      expect(template).toEqual({ get_param: 'user_data' });
      expect(params[NODE_JSON_PLACEHOLDER]).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(params[TICKET_PLACEHOLDER]).toMatch(/^[\w.-]+$/);
      // Whatever else there is, Heat knows it.
      const { [NODE_JSON_PLACEHOLDER]: _, [TICKET_PLACEHOLDER]: __, ...others } = params;
      for (const [placeholder, value] of Object.entries(others)) {
        expect(placeholder).toMatch(/^%%BAYOU_[A-Z_]+%%$/);
        expect(value === '' || typeof value === 'object').toBe(true);
      }
    }
    expect(servers.length).toBeGreaterThan(2);
  });

  it('names every server so that it can be a host name, whatever the cluster is called', () => {
    for (const name of ['web', '9lives', '界'.repeat(242), 'x'.repeat(242), '', '---', 'A_b.C', HOSTILE]) {
      const { stack } = planAll(driver, sampleCluster(driver, { name }));
      const servers = Object.values(stack.template.resources).filter(({ type }) => type === 'OS::Nova::Server');
      for (const { properties } of servers) expect(properties?.name).toMatch(HOST_NAME);
    }
  });

  it('stays below the limits of Nova and Heat with 50 servers and the longest texts', () => {
    const cluster = sampleCluster(driver, {
      name: '界'.repeat(242),
      template: longTemplate,
      ...WITH_VOLUMES,
      workers: MAX_SERVERS_PER_STACK,
    });
    const infrastructure = plannedInfrastructure(cluster);
    const input = nodeStackInput(driver, cluster.spec, infrastructure, cluster.workers);
    const { template, parameters } = driver.planNodeStack(input);
    const filled = input.servers.map(({ nodeJson, ticket }) =>
      input.userData.replace(NODE_JSON_PLACEHOLDER, nodeJson).replace(TICKET_PLACEHOLDER, ticket),
    );
    const encoded = filled.map((text) => Buffer.from(text).toString('base64').length);

    expect(Math.max(...encoded)).toBeLessThan(MAX_USER_DATA_BYTES);
    expect(Buffer.byteLength(JSON.stringify(template))).toBeLessThan(MAX_TEMPLATE_BYTES);
    expect(Buffer.byteLength(JSON.stringify({ template, parameters, stack_name: 'x'.repeat(255) }))).toBeLessThan(
      MAX_REQUEST_BYTES - 4096,
    );
  });
}
