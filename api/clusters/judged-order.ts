import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import { DEFAULT_MASTER_GROUP, DEFAULT_WORKER_GROUP, MASTER_ROLE } from '../../common/db/node-groups.js';
import { ServiceError } from '../../common/errors.js';
import type { NetworkReference } from '../cloud-references.js';
import type { PlannedCluster } from '../cluster-plan.js';
import { storageProblems } from '../cluster-templates/template-schema.js';
import type { ClusterOrder } from '../cluster-types.js';
import type { Api } from '../deps.js';
import { type Forecast, NOT_PLANNED, preflight } from '../preflight.js';
import { checkReferences } from '../reference-checks.js';
import type { Caller } from '../route.js';
import { type Finding, refuseOrder } from '../validation.js';

export interface Judged extends Forecast {
  keypair: string | undefined;
  sshPublicKey: string | undefined;
  /** The one that is named, else the only one of the network that is. */
  fixedSubnet: string | undefined;
}

/** All that is wrong with the order: what it says, what it names, and what the cloud has no room for. */
export async function judgeOrder(
  api: Api,
  request: Caller,
  order: ClusterOrder,
  template: ClusterTemplate,
  keypairGiven: string | undefined,
): Promise<Judged> {
  const { identity } = request;
  const { clusterTypes, references } = api;
  const keypair = keypairGiven ?? template.keypairId;
  const kind = { serverType: template.serverType, os: template.clusterDistro ?? '', coe: template.coe };
  if (clusterTypes.driverFor(kind) !== template.driver) {
    const message = `the driver ${template.driver} of this template is not offered any more`;
    const findings = [{ field: 'cluster_template_id', message }];
    return { keypair, sshPublicKey: undefined, fixedSubnet: undefined, plan: undefined, findings };
  }
  const named = { ...order, imageId: template.imageId, externalNetworkId: template.externalNetworkId };
  const { catalog } = identity.known;
  const cloud = {
    loadBalancers: api.offers(catalog, 'load-balancer'),
    objectStore: api.offers(catalog, 'object-store'),
    blockStorage: api.offers(catalog, 'block-storage'),
    credentials: api.config.trust.accountKind === 'user',
  };
  const driverProblems = clusterTypes.clusterProblems({ ...order, cloud }, template);
  const [checked, key, forecast] = await Promise.all([
    checkReferences(references, identity, named),
    keypair === undefined ? undefined : references.keypair(identity, keypair),
    // Of what is wrong in itself a driver can't say what it would be.
    driverProblems.length > 0 ? NOT_PLANNED : forecastOf(api, request, order, template, cloud.loadBalancers),
  ]);
  const lost = keypair !== undefined && key === undefined;
  const findings = [
    ...driverProblems,
    ...storageProblems(template.dockerStorageDriver, order.dockerVolumeSize),
    ...checked.problems,
    ...subnetProblems(order, checked.network),
    ...distroProblems(checked.osDistro, template),
    ...forecast.findings,
    ...(lost ? [{ field: 'keypair', code: KEYPAIR_NOT_FOUND, message: `Keypair ${keypair} could not be found` }] : []),
  ];
  const fixedSubnet = order.fixedSubnet ?? checked.network?.subnetIds[0];
  return { keypair, sshPublicKey: key?.publicKey, fixedSubnet, plan: forecast.plan, findings };
}

const KEYPAIR_NOT_FOUND = 'keypair_not_found';

/** @throws ServiceError with all findings at once; a missing keypair alone is a 404, as upstream. */
export function refuseJudged({ findings }: Judged): void {
  const [first, another] = findings;
  if (first?.code === KEYPAIR_NOT_FOUND && another === undefined) {
    throw new ServiceError('not_found', `${first.message}.`, { code: KEYPAIR_NOT_FOUND, field: first.field });
  }
  refuseOrder(findings);
}

function forecastOf(
  api: Api,
  { identity }: Caller,
  order: ClusterOrder,
  template: ClusterTemplate,
  loadBalancers: boolean,
): Promise<Forecast> {
  const { settledLabels, plan } = api.clusterTypes;
  const labels = { ...order.labels, ...settledLabels(template.driver, order.labels) };
  const { masterCount, nodeCount, flavorId, masterFlavorId, dockerVolumeSize } = order;
  const group = (name: string, role: string, count: number, flavor: string | undefined) => ({
    name,
    role,
    nodeCount: count,
    flavor,
    image: template.imageId,
    dockerVolumeSize,
    labels,
  });
  const planned: PlannedCluster = {
    ...order,
    labels,
    groups: [
      group(DEFAULT_MASTER_GROUP, MASTER_ROLE, masterCount, masterFlavorId ?? flavorId),
      group(DEFAULT_WORKER_GROUP, 'worker', nodeCount, flavorId),
    ],
    loadBalancers,
  };
  const where = { who: identity, projectId: identity.projectId };
  return preflight(api, where, (each) => plan(template.driver, each, template), planned);
}

/** Nodes, load balancer and pool must be in one of them. */
function subnetProblems({ fixedSubnet }: ClusterOrder, network: NetworkReference | undefined): Finding[] {
  if (network === undefined || fixedSubnet !== undefined || network.subnetIds.length === 1) return [];
  const { name, subnetIds } = network;
  const message =
    subnetIds.length === 0
      ? `Network ${name} has no subnet that you see`
      : `Network ${name} has ${subnetIds.length} subnets: name the one that the nodes are to be in`;
  return [{ field: 'fixed_subnet', message }];
}

/** Someone may have changed the image since the template was made. */
function distroProblems(osDistro: string | undefined, template: ClusterTemplate): Finding[] {
  if (osDistro === undefined || osDistro === template.clusterDistro) return [];
  const message = `image ${template.imageId} has os_distro ${osDistro} now, and had ${template.clusterDistro} when the template was made`;
  return [{ field: 'image_id', message }];
}
