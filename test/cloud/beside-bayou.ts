import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloudSite, openCloudSite } from './cloud-site.js';
import { logIn, serviceCredentials } from './sessions.js';
import { type CloudTarget, readTarget } from './target.js';

const VERSION = 'v1.20.2';
const NEXT = 'v1.20.3';

/**
 * Runs a command beside a Bayou that serves the cloud's own container-infra endpoint, so that clients find it where
 * they would find Magnum: `npx tsx test/cloud/beside-bayou.ts COMMAND...`. The command is a user of a project of its
 * own (`OS_*`) and knows an admin (`BAYOU_ADMIN_*`), Bayou (`BAYOU_URL`), a folder for its files (`BAYOU_FOLDER`) and two
 * of Kubernetes' versions (`BAYOU_VERSIONS`). Servers run nothing, their nodes are played. What it leaves in the cloud is
 * told, removed, and an error.
 */
async function main(command: string[]): Promise<number> {
  const target = readTarget(process.env);
  const port = await endpointPort(target);
  const bills = billOfNext();
  const site = await openCloudSite(target, undefined, {
    BAYOU_API__PORT: String(port),
    BAYOU_KUBERNETES__BILLS_PATH: bills,
    // Upgrades ask for one; played nodes fetch nothing.
    BAYOU_KUBERNETES__MIRROR_URL: 'http://127.0.0.1:1/mirror',
  });
  try {
    await site.processes.start('all');
    const code = await runBeside(command, {
      ...process.env,
      ...userOf(target, site),
      BAYOU_URL: `http://127.0.0.1:${port}/v1`,
    });
    if (code !== 0) console.error(site.told());
    // Of the run, not of its failures: those leave what they stopped at.
    const left = code === 0 ? await site.left() : {};
    if (Object.keys(left).length > 0) console.error('Left in the cloud:', left);
    return code === 0 && Object.keys(left).length > 0 ? 1 : code;
  } finally {
    await site.close();
    rmSync(bills, { recursive: true, force: true });
  }
}

/** A folder with a version to upgrade to; played nodes take any files for it. */
function billOfNext(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-bills-'));
  const bill = readFileSync(join(__dirname, `../../templates/kubernetes/versions/${VERSION}.yaml`), 'utf8');
  writeFileSync(join(folder, `${NEXT}.yaml`), bill.replaceAll(VERSION, NEXT));
  return folder;
}

/** @throws Error when there is none, or when something serves it already. */
async function endpointPort(target: CloudTarget): Promise<number> {
  const { catalog } = await logIn(target, serviceCredentials(target));
  const endpoint = catalog.find(({ type }) => type === 'container-infra')?.endpoints[0];
  if (endpoint === undefined) throw new Error('The catalog has no container-infra; see docs/installation.md');
  const port = Number(new URL(endpoint.url).port);
  if (await listens(port)) throw new Error(`Something else is at ${endpoint.url}: stop it, since Bayou is to be there`);
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answer = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return answer;
}

function userOf(target: CloudTarget, { tenant, folder }: CloudSite): Record<string, string | undefined> {
  const { serviceUser, image, flavor, externalNetwork } = target;
  return {
    OS_CLOUD: undefined,
    OS_AUTH_URL: target.authUrl,
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: target.region,
    OS_USERNAME: tenant.name,
    OS_PASSWORD: tenant.credentials.password,
    OS_PROJECT_NAME: tenant.name,
    OS_PROJECT_ID: tenant.projectId,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    BAYOU_ADMIN_USERNAME: serviceUser.name,
    BAYOU_ADMIN_PASSWORD: serviceUser.password,
    BAYOU_ADMIN_PROJECT_NAME: serviceUser.projectName,
    BAYOU_CLOUD_IMAGE: image,
    BAYOU_CLOUD_FLAVOR: flavor,
    BAYOU_CLOUD_EXTERNAL_NETWORK: externalNetwork,
    BAYOU_FOLDER: folder,
    BAYOU_VERSIONS: `${VERSION} ${NEXT}`,
  };
}

/** @returns its exit code; 1 when a signal ended it. */
async function runBeside([program = '', ...args]: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
