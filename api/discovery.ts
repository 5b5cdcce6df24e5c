import { z } from 'zod';
import { errorText } from '../common/errors.js';
import { linkList } from './answers.js';
import type { Api } from './deps.js';
import { MIN_MINOR } from './microversion.js';
import type { ApiResponse, PublicRoute } from './route.js';

/** What anybody may ask without a token. */

/** Collections shown at /v1, in upstream's order, with the path where it is not the name itself. */
const RESOURCES: Record<string, string> = {
  baymodels: 'baymodels',
  bays: 'bays',
  x509keypairs: 'x509keypairs',
  clustertemplates: 'clustertemplates',
  clusters: 'clusters',
  quotas: 'quotas',
  certificates: 'certificates',
  mservices: 'mservices',
  stats: 'stats',
  federations: 'federations',
  nodegroups: 'clusters/{cluster_id}/nodegroups',
  credentials: 'credentials',
};

const versionsAnswer = z.strictObject({
  name: z.string(),
  description: z.string(),
  versions: z.array(
    z.strictObject({
      id: z.string(),
      status: z.string(),
      min_version: z.string(),
      max_version: z.string(),
      links: linkList,
    }),
  ),
});

const versionOneAnswer = z
  .object({ id: z.string(), media_types: z.array(z.strictObject({ base: z.string(), type: z.string() })) })
  .catchall(linkList);

const healthAnswer = z.strictObject({ status: z.string(), database: z.string(), queue: z.string() });

async function versions(api: Api, { baseUrl }: { baseUrl: string }): Promise<ApiResponse> {
  const version = {
    id: 'v1',
    status: 'CURRENT',
    min_version: `1.${MIN_MINOR}`,
    max_version: api.config.api.highestMicroversion,
    links: [{ href: `${baseUrl}/v1/`, rel: 'self' }],
  };
  const description =
    'Magnum is an OpenStack project which aims to provide container cluster management. This service is Bayou.';
  return { status: 200, body: { name: 'OpenStack Magnum API', description, versions: [version] } };
}

async function versionOne(_api: Api, { baseUrl }: { baseUrl: string }): Promise<ApiResponse> {
  const resources = Object.entries(RESOURCES).map(([name, path]) => [
    name,
    [
      { href: `${baseUrl}/v1/${path}/`, rel: 'self' },
      { href: `${baseUrl}/${path}/`, rel: 'bookmark' },
    ],
  ]);
  return {
    status: 200,
    body: {
      id: 'v1',
      media_types: [{ base: 'application/json', type: 'application/vnd.openstack.magnum.v1+json' }],
      links: [
        { href: `${baseUrl}/v1/`, rel: 'self' },
        {
          href: 'https://docs.openstack.org/api-ref/container-infrastructure-management/',
          rel: 'describedby',
          type: 'text/html',
        },
      ],
      ...Object.fromEntries(resources),
    },
  };
}

/** 503 only without a database: with the queue down requests are still accepted, and done. */
async function healthcheck(api: Api): Promise<ApiResponse> {
  const queue = api.queue.isConnected() ? 'connected' : 'disconnected';
  try {
    await api.db.read('healthcheck', (query) => query.raw('SELECT 1'));
    return { status: 200, body: { status: 'ok', database: 'ok', queue } };
  } catch (error) {
    api.log.warn({ error: errorText(error) }, 'Health check failed');
    return { status: 503, body: { status: 'unavailable', database: 'unavailable', queue } };
  }
}

export const publicRoutes: PublicRoute[] = [
  { method: 'GET', path: '/', isPublic: true, answers: { 200: versionsAnswer }, run: versions },
  { method: 'GET', path: '/v1', isPublic: true, answers: { 200: versionOneAnswer }, run: versionOne },
  {
    method: 'GET',
    path: '/healthcheck',
    isPublic: true,
    answers: { 200: healthAnswer, 503: healthAnswer },
    run: healthcheck,
  },
];
