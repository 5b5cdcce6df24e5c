const { join } = require('node:path');

/** Names of packages as Debian and Ubuntu have them. */
const PACKAGES = /^[a-z0-9][a-z0-9+.-]*(,[a-z0-9][a-z0-9+.-]*)*$/;

/** Who may reach which machines: SSH from everywhere, everything among themselves. */
const SECURITY_GROUPS = {
  heat_template_version: '2018-08-31',
  resources: {
    master_security_group: {
      type: 'OS::Neutron::SecurityGroup',
      properties: {
        description: 'The first machine',
        rules: [
          { protocol: 'icmp' },
          { protocol: 'tcp', port_range_min: 22, port_range_max: 22 },
          { remote_mode: 'remote_group_id' },
          { remote_mode: 'remote_group_id', remote_group_id: { get_resource: 'worker_security_group' } },
        ],
      },
    },
    worker_security_group: {
      type: 'OS::Neutron::SecurityGroup',
      properties: {
        description: 'The other machines',
        rules: [
          { protocol: 'icmp' },
          { protocol: 'tcp', port_range_min: 22, port_range_max: 22 },
          { remote_mode: 'remote_group_id' },
        ],
      },
    },
  },
  outputs: {
    master_security_group: { value: { get_resource: 'master_security_group' } },
    worker_security_group: { value: { get_resource: 'worker_security_group' } },
  },
};

/**
 * An example of a driver by somebody else: machines without an orchestrator, for whoever reaches them by SSH, each with
 * the packages that a label names.
 *
 * @param {import('../../drivers/building-blocks').BuildingBlocks} blocks what Bayou's own drivers are made of
 * @returns {import('../../drivers/driver').BayDriver}
 */
module.exports = (blocks) => {
  const labels = {
    ...blocks.commonLabels,
    machine_packages: {
      type: 'text',
      like: { pattern: PACKAGES, words: 'names of packages with commas between' },
      help: 'Packages of the distribution that every machine gets, with commas between.',
    },
  };
  return {
    name: 'machines',
    scriptsFolder: join(__dirname, 'scripts'),
    serves: ['debian', 'ubuntu'].map((os) => ({ serverType: 'vm', os, coe: 'machines' })),
    labels,
    defaultNetworkDriver: 'none',
    validate: (order) => [
      ...blocks.labelProblems(labels, order.labels),
      ...blocks.refusalsOf(blocks.COMMON_REFUSALS, order),
      ...refusals(order),
    ],
    validateResize: ({ group, nodeCount }) =>
      group.role === 'master' && nodeCount !== 1
        ? [{ field: 'node_count', message: 'there is one first machine' }]
        : [],
    planInfrastructure: (spec) => planInfrastructure(blocks, spec),
    planNode: (spec) => ({
      settings: {
        ...blocks.templateSettings(spec),
        packages: (spec.labels.machine_packages ?? '').split(',').filter((name) => name !== ''),
      },
      steps: ['install-packages'],
      certificateProfiles: {},
    }),
    planVolumes: () => [],
    planNodeStack: blocks.planNodeStack,
    accessUrl: (spec, infrastructure) => `ssh://${blocks.accessAddress(spec, infrastructure)}:22`,
    health,
    tasks: {},
  };
};

/** What Bayou can do and a few machines can't. */
function refusals({ masterCount = 1, masterLbEnabled, registryEnabled, dockerVolumeSize }) {
  const table = [
    ['master_count', masterCount !== 1, 'machines have one that is first, and no more'],
    ['master_lb_enabled', masterLbEnabled, 'there is nothing to balance among machines'],
    ['registry_enabled', registryEnabled, 'machines run no containers'],
    ['docker_volume_size', dockerVolumeSize !== undefined, 'machines run no containers'],
  ];
  return table.filter(([, applies]) => applies).map(([field, , message]) => ({ field, message }));
}

function planInfrastructure(blocks, spec) {
  const network = blocks.networkPart(spec);
  const template = blocks.mergeHot(
    `Infrastructure of the machines ${spec.namePrefix}`,
    network.template,
    structuredClone(SECURITY_GROUPS),
    blocks.masterPorts(spec, network),
  );
  return {
    stack: { template, parameters: network.parameters },
    authorities: [blocks.CLUSTER_AUTHORITY],
    secrets: [],
  };
}

function health(reports) {
  const word = ({ silent, ready }) => (silent ? 'Unknown' : ready ? 'True' : 'False');
  const reason = Object.fromEntries(reports.map((report) => [`${report.name}.Ready`, word(report)]));
  const isHeard = reports.some(({ role, silent }) => role === 'master' && !silent);
  const isWell = reports.every(({ silent, ready }) => ready && !silent);
  if (!isHeard) return { status: 'UNKNOWN', reason };
  return { status: isWell ? 'HEALTHY' : 'UNHEALTHY', reason };
}
