import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { deleteContainer, deleteObject, listObjects } from '../../../openstack/object-storage/containers.js';
import { type KubernetesMirror, VERSION } from '../../nodes/kubernetes-mirror.js';
import type { CloudSite } from '../cloud-site.js';
import type { CloudTarget } from '../target.js';

const PROGRAM = resolve(__dirname, '../../../dist/cli/main.js');
const CONTAINER = 'kubernetes-mirror';
const SYNC_LIMIT_MS = 300_000;
const MAX_OBJECTS = 1000;
const ctx = {};

/** `bayou mirror sync` into a container of the tenant, as a member of its project does it; @returns its URL */
export async function fillSwiftMirror(site: CloudSite, target: CloudTarget, mirror: KubernetesMirror): Promise<string> {
  const { userId, projectId, credentials } = site.tenant;
  const env = {
    PATH: process.env.PATH,
    OS_AUTH_URL: target.authUrl,
    OS_USER_ID: userId,
    OS_PASSWORD: credentials.password,
    OS_PROJECT_ID: projectId,
    OS_REGION_NAME: target.region,
    OS_CACERT: target.cafile,
    BAYOU_KUBERNETES__BILLS_PATH: mirror.billsFolder,
  };
  const options = ['--version', VERSION, '--to', CONTAINER, '--source', mirror.folder, '--config-file', '/dev/null'];
  const command = [PROGRAM, 'mirror', 'sync', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env, timeout: SYNC_LIMIT_MS });
  const url = /kube_mirror=(\S+)/.exec(stdout)?.[1];
  if (url === undefined) throw new Error(`bayou mirror sync: ${stdout}`);
  return url;
}

export async function removeSwiftMirror({ member }: CloudSite): Promise<void> {
  for (const name of await listObjects(member, ctx, { container: CONTAINER, limit: MAX_OBJECTS })) {
    await deleteObject(member, ctx, { container: CONTAINER, name });
  }
  await deleteContainer(member, ctx, { name: CONTAINER });
}
