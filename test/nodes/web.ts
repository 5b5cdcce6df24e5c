import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';
import type { Kubectl } from './kubectl.js';

const PODS_LIMIT_MS = 120_000;
const REPLICAS = '4';
const WEB = readFileSync(join(__dirname, 'web.yaml'), 'utf8');

export interface WebPod {
  name: string;
  node: string;
  address: string;
}

/** Starts the web servers of `web.yaml`; @returns each once all are ready. */
export async function runWeb(kubectl: Kubectl, folder: string): Promise<WebPod[]> {
  await kubectl.apply(WEB, folder);
  const tell = () => kubectl.run('get', 'pods', '-o', 'wide');
  await until(() => allServe(kubectl), { limitMs: PODS_LIMIT_MS, everyMs: 1000, tell });
  return webPods(kubectl);
}

export async function allServe(kubectl: Kubectl): Promise<boolean> {
  const [row] = await kubectl.list('deployments', '.status.readyReplicas');
  return row?.[0] === REPLICAS;
}

export async function webPods(kubectl: Kubectl): Promise<WebPod[]> {
  const pods = await kubectl.list('pods', '.metadata.name', '.spec.nodeName', '.status.podIP');
  return pods.map(([name = '', node = '', address = '']) => ({ name, node, address }));
}
