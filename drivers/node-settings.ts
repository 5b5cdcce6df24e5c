import type { ClusterSpec, Infrastructure } from './driver.js';

/** Upstream's. No certificate of a registry on the loopback is needed. */
const REGISTRY_PORT = 5000;

/** What nodes are told of their template, whatever the orchestrator. */
export function templateSettings({ template }: Pick<ClusterSpec, 'template'>) {
  return {
    storage_driver: template.dockerStorageDriver ?? '',
    registry_port: REGISTRY_PORT,
    http_proxy: template.httpProxy ?? '',
    https_proxy: template.httpsProxy ?? '',
    no_proxy: template.noProxy ?? '',
  };
}

/** By which users reach the masters: what stands before them, else the first one. */
export function accessAddress(spec: ClusterSpec, { masterPorts, vip }: Infrastructure): string {
  const port = masterPorts[spec.masters[0]?.name ?? ''];
  return vip?.floatingAddress ?? vip?.address ?? port?.floatingAddress ?? port?.address ?? '';
}
