import { errorText, isServiceError } from '../common/errors.js';
import { type ReasonCode, reason, reasonSentence } from '../common/reasons.js';
import type {
  CloudReferences,
  FlavorReference,
  ImageReference,
  NetworkReference,
  SubnetReference,
} from './cloud-references.js';
import type { Identity } from './identity.js';
import type { Finding } from './validation.js';

/** What a template or a cluster names of the cloud. What it left open is not looked for. */
export interface NamedReferences {
  imageId: string;
  flavorId: string | undefined;
  masterFlavorId: string | undefined;
  externalNetworkId: string | undefined;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
}

export interface CheckedReferences {
  /** Undefined when the image is among the problems. */
  osDistro: string | undefined;
  /** The network that is named, unless it is among the problems. */
  network: NetworkReference | undefined;
  problems: Finding[];
}

/** All look-ups side by side, all problems at once. @throws what no change of the request would mend. */
export async function checkReferences(
  references: CloudReferences,
  who: Identity,
  named: NamedReferences,
): Promise<CheckedReferences> {
  const image = lookUp('image_id', () => references.image(who, named.imageId));
  const others = [
    exists('flavor_id', named.flavorId, 'flavor_not_found', (name) => references.flavor(who, name)),
    exists('master_flavor_id', named.masterFlavorId, 'flavor_not_found', (name) => references.flavor(who, name)),
    exists('external_network_id', named.externalNetworkId, 'network_not_found', (name) =>
      references.network(who, name, true),
    ),
    exists('fixed_network', named.fixedNetwork, 'network_not_found', (name) => references.network(who, name, false)),
    exists('fixed_subnet', named.fixedSubnet, 'network_not_found', (name) => references.subnet(who, name)),
  ];
  const [{ value, problems }, ...rest] = await Promise.all([image, ...others]);
  const [flavor, masterFlavor, , network, subnet] = rest.map((outcome) => outcome.value);
  const imageProblems = problems.length > 0 ? problems : problemsOfImage(named.imageId, value as ImageReference);
  return {
    osDistro: (value as ImageReference | undefined)?.osDistro,
    network: network as NetworkReference | undefined,
    problems: [
      ...imageProblems,
      ...rest.flatMap((outcome) => outcome.problems),
      ...sizeProblems('flavor_id', flavor as FlavorReference | undefined, value as ImageReference | undefined),
      ...sizeProblems(
        'master_flavor_id',
        masterFlavor as FlavorReference | undefined,
        value as ImageReference | undefined,
      ),
      ...subnetProblems(network as NetworkReference | undefined, subnet as SubnetReference | undefined),
    ],
  };
}

interface Outcome<T> {
  value: T | undefined;
  problems: Finding[];
}

/** A text that can be no name is a problem of the field. An ambiguous name is a 409 of its own, as upstream. */
async function lookUp<T>(field: string, look: () => Promise<T | undefined>): Promise<Outcome<T>> {
  try {
    return { value: await look(), problems: [] };
  } catch (error) {
    if (!isServiceError(error, 'invalid')) throw error;
    return { value: undefined, problems: [{ field, message: errorText(error), code: error.code }] };
  }
}

/** What is told of a text that can be no name where it is checked, is elsewhere as what is not there. */
export async function unlessNoName<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  return (await lookUp('', look)).value;
}

const SORT_OF_THING: Record<string, string> = {
  external_network_id: 'External network',
  fixed_network: 'Network',
  fixed_subnet: 'Subnet',
};

async function exists(
  field: string,
  name: string | undefined,
  code: ReasonCode,
  look: (name: string) => Promise<unknown>,
): Promise<Outcome<unknown>> {
  if (name === undefined) return { value: undefined, problems: [] };
  const outcome = await lookUp(field, () => look(name));
  if (outcome.value !== undefined || outcome.problems.length > 0) return outcome;
  const what = SORT_OF_THING[field] ?? 'Flavor';
  return { value: undefined, problems: [finding(field, code, `${what} ${name} could not be found`)] };
}

function problemsOfImage(name: string, image: ImageReference | undefined): Finding[] {
  if (image === undefined) return [finding('image_id', 'image_not_found', `Image ${name} could not be found`)];
  if (image.status !== 'active') {
    return [finding('image_id', 'image_not_found', `Image ${name} is ${image.status}, not active`)];
  }
  if (image.osDistro === undefined) {
    return [finding('image_id', 'image_without_os_distro', `Image ${name} has no property os_distro`)];
  }
  return [];
}

/** Nova refuses such a server. A flavor without a disk has one of the image's size. */
function sizeProblems(
  field: string,
  flavor: FlavorReference | undefined,
  image: ImageReference | undefined,
): Finding[] {
  if (flavor === undefined || image === undefined) return [];
  const { name, diskGib, ramMib } = flavor;
  const { minDiskGib, minRamMib } = image;
  const lacks = [
    ...(diskGib > 0 && diskGib < minDiskGib ? [`${diskGib} GiB of disk, and the image needs ${minDiskGib}`] : []),
    ...(ramMib < minRamMib ? [`${ramMib} MiB of RAM, and the image needs ${minRamMib}`] : []),
  ];
  return lacks.map((what) => finding(field, 'flavor_too_small', `Flavor ${name} has ${what}`));
}

function subnetProblems(network: NetworkReference | undefined, subnet: SubnetReference | undefined): Finding[] {
  if (network === undefined || subnet === undefined || subnet.networkId === network.id) return [];
  return [finding('fixed_subnet', 'network_not_found', `Subnet ${subnet.name} is none of network ${network.name}`)];
}

function finding(field: string, code: ReasonCode, message: string): Finding {
  return { field, code, message: reasonSentence(reason(code, message)) };
}
