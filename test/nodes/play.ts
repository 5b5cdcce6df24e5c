import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../common/clock.js';
import { clientCertificate } from '../cloud/booted/docker-engine.js';
import type { ApiClient } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { SUBNET_CIDR } from './bridge.js';
import { IMAGES } from './kubernetes-cluster.js';
import { textsOf, valuesOf } from './named-values.js';
import { Narrator } from './narrator.js';
import type { NodeImage } from './node-tools.js';
import { type NodeSite, openNodeSite } from './site.js';

/**
 * `npx tsx test/nodes/play.ts --coe swarm --masters 1 --nodes 2`: one cluster of real nodes, for work by hand. Tells
 * all that happens, stays until ctrl-C, then deletes the cluster; a second ctrl-C takes everything down at once.
 */
const USAGE = `play.ts [--coe swarm|kubernetes|…] [--masters N] [--nodes N] [--lb] [--label NAME=VALUE …]
  [--template-field NAME=VALUE …] [--cluster-field NAME=VALUE …] [--setting BAYOU_…=VALUE …]
  [--image debian|ubuntu] [--mirror FOLDER] [--mirror-label NAME] [--bind NSPAWN-ARGUMENT …]\n`;

const LOOK_MS = 500;
const DELETE_LIMIT_MS = 300_000;

const several = { type: 'string', multiple: true, default: [] as string[] } as const;
const OPTIONS = {
  coe: { type: 'string', default: 'swarm' },
  masters: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '1' },
  lb: { type: 'boolean', default: false },
  label: several,
  'template-field': several,
  'cluster-field': several,
  setting: several,
  bind: several,
  image: { type: 'string', default: 'debian' },
  mirror: { type: 'string' },
  'mirror-label': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  return parseArgs({ options: OPTIONS }).values;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const stop = untilStopped();
  const site = await openNodeSite({
    settings: textsOf(options.setting),
    mirrorFolder: options.mirror,
    binds: options.bind,
    image: imageOf(options),
  });
  try {
    await play(site, options, stop);
  } finally {
    console.log('taking everything down');
    await site.close();
    console.log('everything is down');
  }
}

const imageOf = ({ image }: Options): NodeImage => (image === 'ubuntu' ? 'ubuntu' : 'debian');

async function play(site: NodeSite, options: Options, stop: Stop): Promise<void> {
  const { client } = site;
  const uuid = await order(client, options, site.mirror?.url);
  const narrator = new Narrator(client, uuid);
  const stopFile = join(site.folder, 'stop');
  const wantsEnd = () => stop.asked > 0 || existsSync(stopFile);
  console.log(`cluster ${uuid}\nBayou's log: ${site.logFile}\nto end it: ctrl-C, or touch ${stopFile}`);
  while (!wantsEnd() && !narrator.isSettled) await look(narrator);
  await tellAccess(site, narrator, uuid);
  while (!wantsEnd()) await look(narrator);

  const alreadyAsked = stop.asked;
  console.log(`deleting: ${(await client.delete(`/v1/clusters/${uuid}`)).status}`);
  const deadline = performance.now() + DELETE_LIMIT_MS;
  while (!narrator.isGone && stop.asked === alreadyAsked && performance.now() < deadline) await look(narrator);
  console.log(narrator.isGone ? `left in the cloud: ${JSON.stringify(site.left())}` : 'not waiting for the delete');
}

async function look(narrator: Narrator): Promise<void> {
  await narrator.look();
  await systemClock.sleep(LOOK_MS);
}

async function order(client: ApiClient, options: Options, mirrorUrl: string | undefined): Promise<string> {
  const mirrorLabel = options['mirror-label'];
  const labels = {
    fixed_subnet_cidr: SUBNET_CIDR,
    ...(mirrorLabel && mirrorUrl ? { [mirrorLabel]: mirrorUrl } : {}),
    ...textsOf(options.label),
  };
  if (mirrorUrl !== undefined) console.log(`mirror: ${mirrorUrl}`);
  const template = await makeTemplate(client, {
    name: options.coe,
    coe: options.coe,
    image_id: IMAGES[imageOf(options)],
    floating_ip_enabled: false,
    master_lb_enabled: options.lb,
    ...valuesOf(options['template-field']),
    labels,
  });
  return makeCluster(client, {
    cluster_template_id: template,
    master_count: Number(options.masters),
    node_count: Number(options.nodes),
    ...valuesOf(options['cluster-field']),
  });
}

/** What one needs to look around. */
async function tellAccess({ client, folder, nodes, tools }: NodeSite, narrator: Narrator, uuid: string) {
  if (narrator.isGone || !narrator.isSettled) return;
  if (!narrator.status.endsWith('_COMPLETE')) {
    for (const name of nodes.names()) console.log(`--- ${name}\n${await nodes.journal(name)}`);
  }
  const certificates = join(folder, 'client');
  mkdirSync(certificates);
  for (const [name, pem] of Object.entries(await clientCertificate(client, uuid))) {
    writeFileSync(join(certificates, `${name}.pem`), pem, { mode: 0o600 });
  }
  console.log(`certificates of a client: ${certificates}/{ca,cert,key}.pem`);
  console.log(`nodes: ${nodes.names().join(' ')}`);
  console.log(`NODES_STATE=${tools.stateFolder} ${join(tools.scripts, 'in-node')} ${nodes.names()[0]} bash`);
}

interface Stop {
  asked: number;
}

/** Also what nobody caught: the nodes must not outlive us. */
function untilStopped(): Stop {
  const stop: Stop = { asked: 0 };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.asked++);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      console.error(event, error);
      process.exitCode = 1;
      stop.asked++;
    });
  }
  return stop;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
