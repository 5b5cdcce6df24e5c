import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { templatePath } from '../../common/package-root.js';
import { type Bill, billSchema } from '../../drivers/bill.js';

/** What was built. */
export const VERSION = 'v1.20.2';
export const COMPONENTS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
];
/** Runs a small web server in tests. */
export const BUSYBOX = 'docker.io/library/busybox:1.35';

export interface KubernetesMirror {
  /** As `fill-mirror.ts` fills it. */
  folder: string;
  /** Of `VERSION`, that has busybox as well. */
  bill: Bill;
  /** Has that bill. */
  billsFolder: string;
  kubectl: string;
}

/** @throws Error that says how to make what is missing. */
export function findKubernetesMirror(environment: NodeJS.ProcessEnv): KubernetesMirror {
  const state = resolve(environment.NODES_STATE ?? '.nodes');
  const folder = join(state, 'mirror');
  const busybox = join(folder, 'images/busybox.tar');
  if (!existsSync(busybox)) throw new Error(`There is no mirror in ${folder}: run .ci/prepare-nodes`);
  const shipped = readFileSync(templatePath('kubernetes', 'versions', `${VERSION}.yaml`), 'utf8');
  const bill = billSchema.parse(parse(shipped));
  const sha256 = createHash('sha256').update(readFileSync(busybox)).digest('hex');
  bill.images.push({ name: BUSYBOX, path: 'images/busybox.tar', sha256 });
  const billsFolder = mkdtempSync(join(tmpdir(), 'bayou-bills-'));
  writeFileSync(join(billsFolder, `${VERSION}.yaml`), stringify(bill));
  return { folder, bill, billsFolder, kubectl: join(folder, `kubernetes/${VERSION}/amd64/kubectl`) };
}
