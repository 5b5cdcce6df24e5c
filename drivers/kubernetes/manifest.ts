import { readFileSync } from 'node:fs';
import { templatePath } from '../../common/package-root.js';

/**
 * What a manifest may have filled in, each with all that it may look like: nothing that ends a text of YAML or begins
 * something else. Images have their name and `_IMAGE`.
 */
const VALUES: readonly { name: RegExp; like: RegExp }[] = [
  { name: /^POD_NETWORK$/, like: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/ },
  { name: /^FLANNEL_BACKEND$/, like: /^(vxlan|host-gw)$/ },
  { name: /^CALICO_IPIP$/, like: /^(Always|CrossSubnet|Never)$/ },
  { name: /^CLUSTER_ID$/, like: /^[0-9a-f-]{36}$/ },
  { name: /^NFS_SERVER$/, like: /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/ },
  { name: /^NFS_PATH$/, like: /^\/[A-Za-z0-9._/+-]{0,1023}$/ },
  { name: /^DNS_ADDRESS$/, like: /^\d{1,3}(\.\d{1,3}){3}$/ },
  { name: /^DNS_DOMAIN$/, like: /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/ },
  { name: /^[A-Z_]+_IMAGE$/, like: /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+:[A-Za-z0-9._-]+$/ },
];

const PLACEHOLDER = /@@([^@\s]*)@@/g;

/**
 * `templates/kubernetes/<folder>/<name>.yaml` with each `@@NAME@@` filled in.
 * @throws Error for a placeholder without a value, and for a value that is not what its name promises; labels were checked before
 */
export function manifest(name: string, values: Readonly<Record<string, string>>, folder = 'addons'): string {
  const text = readFileSync(templatePath('kubernetes', folder, `${name}.yaml`), 'utf8');
  return text.replace(PLACEHOLDER, (_whole, placeholder: string) => {
    const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined;
    const known = VALUES.find(({ name: fits }) => fits.test(placeholder));
    if (value === undefined || known === undefined) throw new Error(`${name}.yaml: nothing is known of ${placeholder}`);
    if (!known.like.test(value)) throw new Error(`${name}.yaml: the value of ${placeholder} is none`);
    return value;
  });
}
