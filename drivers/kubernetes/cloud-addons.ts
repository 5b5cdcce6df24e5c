import type { LabelDefinition } from '../label-definition.js';
import { isTrue } from '../labels.js';
import type { Addon, Image } from './addon.js';
import { CINDER_CSI, CLOUD_CONTROLLER, cloudDefinitions } from './cloud-use.js';

/** Where images were before registry.k8s.io had them. */
const BEFORE = 'docker.io/k8scloudprovider/openstack-cloud-controller-manager';
const CONTROLLER = 'registry.k8s.io/provider-os/openstack-cloud-controller-manager';
const CINDER = 'registry.k8s.io/provider-os/cinder-csi-plugin';
const SIDECARS = 'registry.k8s.io/sig-storage';

const always = (image: string): Image => [{ before: undefined, image }];

/** The controller comes with each minor version of Kubernetes; where one is left out here, the next one's is taken. */
export const cloudController: Addon = {
  name: 'cloud-controller',
  label: CLOUD_CONTROLLER,
  definition: cloudDefinitions[CLOUD_CONTROLLER],
  isOrdered: isTrue,
  usesCloud: true,
  images: {
    CLOUD_CONTROLLER: [
      { before: 21, image: `${BEFORE}:v1.20.2` },
      { before: 22, image: `${BEFORE}:v1.21.0` },
      { before: 23, image: `${BEFORE}:v1.22.0` },
      { before: 24, image: `${BEFORE}:v1.23.1` },
      { before: 25, image: `${CONTROLLER}:v1.24.6` },
      { before: 26, image: `${BEFORE}:v1.25.5` },
      { before: 27, image: `${BEFORE}:v1.26.4` },
      { before: 30, image: `${CONTROLLER}:v1.29.0` },
      { before: 31, image: `${CONTROLLER}:v1.30.3` },
      { before: 32, image: `${CONTROLLER}:v1.31.3` },
      { before: 34, image: `${CONTROLLER}:v1.32.0` },
      { before: 35, image: `${CONTROLLER}:v1.34.1` },
      { before: undefined, image: `${CONTROLLER}:v1.35.0` },
    ],
  },
  tags: { CLOUD_CONTROLLER: 'cloud_provider_tag' },
};

/**
 * The driver does not depend on Kubernetes' version. From 1.32 on its part on every node needs no credential, which is
 * why no older one is used; the sidecars are those of its manifests or newer.
 */
export const cinderCsi: Addon = {
  name: 'cinder-csi',
  label: CINDER_CSI,
  definition: cloudDefinitions[CINDER_CSI],
  isOrdered: isTrue,
  usesCloud: true,
  images: {
    CINDER_CSI: [
      { before: 34, image: `${CINDER}:v1.32.0` },
      { before: 35, image: `${CINDER}:v1.34.1` },
      { before: undefined, image: `${CINDER}:v1.35.0` },
    ],
    ATTACHER: always(`${SIDECARS}/csi-attacher:v4.7.0`),
    PROVISIONER: always(`${SIDECARS}/csi-provisioner:v5.1.0`),
    RESIZER: always(`${SIDECARS}/csi-resizer:v1.12.0`),
    REGISTRAR: always(`${SIDECARS}/csi-node-driver-registrar:v2.12.0`),
    LIVENESS: always(`${SIDECARS}/livenessprobe:v2.14.0`),
  },
  tags: {
    CINDER_CSI: 'cinder_csi_plugin_tag',
    ATTACHER: 'csi_attacher_tag',
    PROVISIONER: 'csi_provisioner_tag',
    RESIZER: 'csi_resizer_tag',
    REGISTRAR: 'csi_node_driver_registrar_tag',
    LIVENESS: 'csi_liveness_probe_tag',
  },
};

const TAG = { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, words: 'a tag of an image, such as v1.32.0' };

/** Upstream's labels of the tags. */
export const cloudTagLabels: Readonly<Record<string, LabelDefinition>> = Object.fromEntries(
  [cloudController, cinderCsi].flatMap(({ name, tags = {} }) =>
    Object.values(tags).map((label): [string, LabelDefinition] => [
      label,
      {
        type: 'text',
        like: TAG,
        help: `Tag of an image of the add-on ${name}. Default: as Kubernetes' version asks for.`,
      },
    ]),
  ),
);
