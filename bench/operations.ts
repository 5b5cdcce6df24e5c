import { clusters } from '../common/db/clusters.js';
import { events } from '../common/db/events.js';
import { until } from '../test/support/until.js';
import { type LiveSite, openLiveSite } from './live-site.js';
import { atMost, inWords, type Row } from './row.js';
import type { Site } from './site.js';
import { median } from './statistics.js';

const WATCH_MS = 10;
const LIMIT_MS = 60_000;
const CREATES = 3;
const ALWAYS = 1000;
const NO_HOST = 'No valid host was found. There are not enough hosts available.';

/** What users wait for: Bayou's own part of a create, the reason of a failure, the takeover from a dead conductor. */
export async function measureOperations(site: Site): Promise<Row[]> {
  const live = await openLiveSite(site, 'bench_operations');
  try {
    const first = await live.startConductor();
    const added: number[] = [];
    for (let create = 0; create < CREATES; create++) added.push(await addedSeconds(live, `web-${create}`));
    const reasonSeconds = await faultToReason(live);
    await first.stop();
    return [
      atMost({
        what: 'time that Bayou adds to a create',
        limit: 2,
        measured: median(added),
        unit: 's',
        beside: `${CREATES} creates: ${added.map(inWords).join(', ')}`,
      }),
      atMost({ what: "from the cloud's fault to the reason", limit: 5, measured: reasonSeconds, unit: 's' }),
      atMost({
        what: 'kill -9 of a conductor to its work going on',
        limit: 25,
        measured: await takeover(live),
        unit: 's',
      }),
    ];
  } finally {
    await live.close();
  }
}

/** The whole create without the times in which Heat makes stacks and nodes come up: before, between and after those. */
async function addedSeconds(live: LiveSite, name: string): Promise<number> {
  const watch = watchStacks(live, name);
  const acceptedFrom = Date.now();
  const clusterId = await live.order(name, 2);
  const { finishedAt = 0 } = await live.created(clusterId).finally(watch.stop);
  const ready = await events.list(live.db.knex, { clusterId, kind: 'node_ready' });
  const lastReady = Math.max(...ready.map(({ createdAt }) => createdAt));
  const [infrastructure, ...nodeStacks] = [...watch.seen.values()].sort((a, b) => a.begunAt - b.begunAt);
  if (infrastructure === undefined) throw new Error('The create made no stack');
  const nodesFrom = Math.min(...nodeStacks.map(({ begunAt }) => begunAt));
  const cloudEnd = Math.max(lastReady, ...nodeStacks.map(({ doneAt }) => doneAt));
  const before = infrastructure.begunAt - acceptedFrom;
  const between = nodesFrom - infrastructure.doneAt;
  return (before + between + (finishedAt - cloudEnd)) / 1000;
}

/** When each stack of a cluster was ordered of Heat and when Heat had done it. */
function watchStacks(live: LiveSite, name: string) {
  const seen = new Map<string, { begunAt: number; doneAt: number }>();
  const timer = setInterval(() => {
    for (const stack of live.cloud.state.orchestration.stacks.values()) {
      if (!stack.name.startsWith(`${name}-`)) continue;
      const known = seen.get(stack.id) ?? { begunAt: stack.createdAt, doneAt: 0 };
      if (known.doneAt === 0 && stack.status === 'COMPLETE') known.doneAt = Date.now();
      seen.set(stack.id, known);
    }
  }, WATCH_MS);
  return { seen, stop: () => clearInterval(timer) };
}

/** Nova has no host for a server, however often Heat asks for it; until the user reads Nova's words. */
async function faultToReason(live: LiveSite): Promise<number> {
  live.cloud.faults.order({ server: '^faulty', times: ALWAYS, action: { error: NO_HOST, code: 500 } });
  const clusterId = await live.order('faulty', 2);
  const { compute, orchestration } = live.cloud.state;
  // Heat takes a failed server away at once, to make it anew: then its event tells.
  const failed = () =>
    [...compute.servers.values()].some(({ status }) => status === 'ERROR') ||
    [...orchestration.stacks.values()].some(({ events }) => events.some(({ status }) => status === 'FAILED'));
  const tell = async () => `${await live.statusReason(clusterId)}; ${await live.whereabouts(clusterId)}`;
  await until(failed, { limitMs: LIMIT_MS, everyMs: WATCH_MS, tell });
  const failedAt = performance.now();
  const isTold = async () => (await live.statusReason(clusterId))?.includes('No valid host') === true;
  await until(isTold, { limitMs: LIMIT_MS, everyMs: WATCH_MS, tell });
  const seconds = (performance.now() - failedAt) / 1000;
  live.cloud.faults.clear();
  return seconds;
}

/** The worst moment: in the middle of a call, under a lease that has just been taken. */
async function takeover(live: LiveSite): Promise<number> {
  live.cloud.faults.order({ service: 'orchestration', method: 'POST', path: '/stacks', action: 'hang' });
  const victim = await live.startConductor();
  const clusterId = await live.order('orphan', 1);
  await until(() => live.cloud.faults.left() === 0, { limitMs: LIMIT_MS });
  const heir = await live.startConductor();
  const holder = await clusters.find(live.db.knex, { uuid: clusterId });
  await victim.stop('SIGKILL');
  const killedAt = performance.now();
  const isTaken = async () => {
    const now = await clusters.find(live.db.knex, { uuid: clusterId });
    return now !== undefined && now.leaseOwner !== undefined && now.leaseOwner !== holder?.leaseOwner;
  };
  await until(isTaken, { limitMs: LIMIT_MS, everyMs: WATCH_MS });
  const seconds = (performance.now() - killedAt) / 1000;
  await live.created(clusterId);
  await heir.stop();
  return seconds;
}
