import type { LabelDefinition } from '../label-definition.js';

/** An image, by the minor versions of Kubernetes that it is for: each is good below `before`, the first that fits counts. */
export type Image = readonly { before: number | undefined; image: string }[];

/** One manifest of `templates/kubernetes/addons/`. Its Deployments and their pods have the label `magnum.openstack.org/addon`. */
export interface Addon {
  name: string;
  /** The label of clusters that orders it, or does without it. */
  label: string;
  definition: LabelDefinition;
  /** Whether that value of the label orders it. */
  isOrdered: (value: string | undefined) => boolean;
  /** By the placeholder of its manifest, without `_IMAGE`. Without any it has no pods, and is there once the API has it. */
  images: Readonly<Record<string, Image>>;
  /** Labels that name another tag, by the same placeholder. */
  tags?: Readonly<Record<string, string>>;
  /** It logs in to the cloud, by the Secret `cloud-config` of kube-system. */
  usesCloud?: boolean;
}
