import type { ClusterSpec } from '../driver.js';

const TLS_PORT = 2376;
const PLAIN_PORT = 2375;

/** Docker's registered ports of the Remote API, with and without TLS. */
export function apiPort(spec: ClusterSpec): number {
  return spec.template.tlsDisabled ? PLAIN_PORT : TLS_PORT;
}
