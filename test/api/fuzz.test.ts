import fc from 'fast-check';
import type { OpenApiDocument } from '../../api/openapi.js';
import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { type ApiFixture, startApi, tokenOf } from '../support/api-fixture.js';
import { answerProblems } from '../support/conformance.js';
import { addWorkers, makeTemplate, settle } from '../support/orders.js';
import { type FuzzRequest, fuzzRequests, type KnownValues, placesOf } from './fuzz/requests.js';
import { closeConnections, type RawAnswer, send } from './fuzz/send.js';

/** `BAYOU_FUZZ=full`, as `npm run test:fuzz` sets it, sends more than 20,000. */
const isFull = process.env.BAYOU_FUZZ === 'full';
const SEEDS = isFull ? Array.from({ length: 12 }, (_, index) => index + 1) : [0];
const REQUESTS = isFull ? 2000 : 500;

/** After so many the cluster is made well again: what is being changed takes few orders. */
const MENDED_AFTER = 40;

/** Projects: who may do the most, comes most. */
const WHO = ['demo', 'demo', 'demo', 'demo', 'admin', 'alt'];

/** What no answer may have, unless it was sent. */
const LEAKS = [
  /\n\s+at \S+/,
  /node_modules/,
  /\.[jt]s:\d+/,
  /SQLITE_|ER_[A-Z]{3,}|SQLSTATE/,
  /\b(select .{1,200} from|insert into|delete from|update \S+ set)\b/i,
  /PRIVATE KEY/,
  /\[object Object\]/,
];

// On a busy machine; alone the short one takes some seconds.
jest.setTimeout(isFull ? 30 * 60_000 : 180_000);

let api: ApiFixture;
let tokens: Record<string, string>;
let templateId: string;
let clusterId: string;
let document: OpenApiDocument;

beforeAll(async () => {
  api = await startApi({ settings: { BAYOU_API__MAX_LIMIT: '20' } });
  const entries = Object.entries({ demo: 'demo', admin: 'admin', alt: 'alt_demo' });
  tokens = Object.fromEntries(
    await Promise.all(entries.map(async ([project, user]) => [project, await tokenOf(api.cloud, user, project)])),
  );
  const member = await api.as('demo');
  templateId = await makeTemplate(member);
  document = (await api.anonymous.get('/v1/openapi.json')).body;
  await makeWell();
});
afterAll(async () => {
  closeConnections();
  await api.stop();
});

/** The cluster, ready for every order; made anew where a request has deleted it. */
async function makeWell(): Promise<void> {
  const member = await api.as('demo');
  await api.db.transaction('fuzz-forget', async (trx) => {
    await operations.rows(trx).delete();
    await clusters
      .rows(trx)
      .whereNot({ uuid: clusterId ?? '' })
      .delete();
  });
  const present = clusterId !== undefined && (await member.get(`/v1/clusters/${clusterId}`)).status === 200;
  if (!present) {
    const order = { name: 'web', cluster_template_id: templateId, node_count: 2 };
    clusterId = (await member.post('/v1/clusters', order)).body.uuid;
    await addWorkers(api.db, api.ids, clusterId, ['server-1', 'server-2']);
  }
  await settle(api.db, clusterId, 'CREATE_COMPLETE', { apiAddress: 'https://10.0.0.5:6443' });
}

function knownValues(): KnownValues {
  const both = [clusterId, 'web'];
  return {
    cluster: both,
    bay: both,
    cluster_uuid: both,
    bay_uuid: both,
    template: [templateId, 'swarm'],
    baymodel: [templateId, 'swarm'],
    cluster_template: [templateId],
    cluster_template_id: [templateId, 'swarm'],
    baymodel_id: [templateId],
    nodegroup: ['default-worker', 'default-master', 'more'],
    image_id: ['debian-12'],
    flavor_id: ['m1.small', '2'],
    master_flavor_id: ['m1.small'],
    external_network_id: ['public'],
    keypair: ['demo'],
    keypair_id: ['demo'],
    fixed_network: [null, 'private'],
    fixed_subnet: [null],
    coe: ['swarm-mode'],
    server_type: ['vm'],
    network_driver: [null],
    volume_driver: [null],
    docker_storage_driver: [null],
    docker_volume_size: [null, 3],
    apiserver_port: [null, 8443],
    dns_nameserver: ['9.9.9.9'],
    master_count: [1, '1'],
    nodes_to_remove: [null, [], ['server-1']],
    labels: [{}, { fixed_subnet_cidr: '10.1.0.0/24' }],
    tls_disabled: [false],
    registry_enabled: [false],
    master_lb_enabled: [null, true, false],
    public: [false],
    hidden: [false],
    driver: [null],
    role: [null, 'gpu'],
    resource: ['Cluster'],
    health_status: ['HEALTHY'],
    marker: [clusterId, templateId],
    limit: [1, 2],
    path: ['/node_count', '/labels', '/name', '/health_status', '/min_node_count', '/node_taints', '/labels/a'],
    value: ['1', 2, 'HEALTHY', '{"a": "b"}', "[{'key': 'a', 'effect': 'NoSchedule'}]"],
    project_id: ['demo', 'alt'],
  };
}

function wrongWith(request: FuzzRequest, answer: RawAnswer): string[] {
  const { method, target } = request;
  const sent = `${decodeLoosely(target)} ${request.body?.toString() ?? ''}`;
  const leaks = [...LEAKS.flatMap((leak) => leak.exec(answer.text)?.[0] ?? []), ...Object.values(tokens)].filter(
    (text) => answer.text.includes(text) && !sent.includes(text),
  );
  return [
    ...(answer.status >= 500 ? [`is a ${answer.status}`] : []),
    ...leaks.map((text) => `shows ${text}`),
    ...answerProblems(method, target, answer.status, bodyOf(answer)),
  ];
}

function bodyOf({ type, text }: RawAnswer): unknown {
  return type.startsWith('application/json') && text !== '' ? JSON.parse(text) : text;
}

function decodeLoosely(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

describe('Hostile requests', () => {
  /** Where something hostile has stood in a request of any of the seeds. */
  const reached = new Set<string>();

  test.each(SEEDS)('get answers that are as the document says, and that show nothing (seed %i)', async (seed) => {
    let sent = 0;
    const statuses: Record<string, number> = {};
    const requests = fuzzRequests({ document, known: knownValues(), who: WHO });
    const property = fc.asyncProperty(requests, async (request) => {
      if (sent++ % MENDED_AFTER === 0) await makeWell();
      const answer = await send(api.url, tokens[request.who] ?? '', request);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      for (const place of request.hostile) reached.add(place);
      const problems = wrongWith(request, answer);
      if (problems.length > 0) throw new Error(`${problems.join('; ')}: ${answer.text.slice(0, 500)}`);
    });

    await fc.assert(property, { seed, numRuns: REQUESTS, endOnFailure: true });

    expect(sent).toBeGreaterThanOrEqual(REQUESTS);
    // Otherwise nothing came far enough to be judged.
    const expected = [200, 202, 400, 404];
    expect(expected.filter((status) => (statuses[status] ?? 0) > REQUESTS / 200)).toEqual(expected);
    expect((await (await api.as('demo')).get('/healthcheck')).status).toBe(200);
  });

  // A short run does not come everywhere.
  if (isFull) {
    it('have stood in every field, path and query parameter of the document', () => {
      expect(placesOf(document).filter((place) => !reached.has(place))).toEqual([]);
    });
  }
});
