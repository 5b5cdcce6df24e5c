import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Router } from '../../../api/router.js';
import { routes } from '../../../api/routes.js';
import { createRequest } from '../../../common/x509.js';
import { type AccessSite, CALLERS, startAccessSite, type Things } from './access-site.js';

interface Row {
  /** Method and path. */
  request: string;
  body?: unknown;
  /** Statuses in the order of `CALLERS`. */
  own: string;
  foreign?: string;
  new_own?: string;
  new_foreign?: string;
}

const ROWS: Row[] = parse(readFileSync(join(__dirname, 'access.yaml'), 'utf8'));

const served = routes.map(({ method, path }) => `${method} ${path}`);

/** The route that a row's request goes to, or the request itself where there is none. */
function routeOf({ request }: Row): string {
  const [method = '', url = ''] = request.split(' ');
  try {
    const { route } = new Router(routes).find(method, url.split('?')[0] ?? '');
    return `${route.method} ${route.path}`;
  } catch {
    return `no route for ${request}`;
  }
}

it('Every route has a row, and every row a route', () => {
  expect([...new Set(ROWS.map(routeOf))].sort()).toEqual(served.sort());
});

describe.each(['old', 'new'] as const)('With the %s defaults of the policy', (defaults) => {
  let site: AccessSite;
  let csr: string;
  beforeAll(async () => {
    csr = (await createRequest({ commonName: 'admin' })).csrPem;
    site = await startAccessSite({ BAYOU_OSLO_POLICY__ENFORCE_NEW_DEFAULTS: String(defaults === 'new') });
  }, 60_000);
  afterAll(() => site.api.stop());

  /** What each caller gets, in turn. */
  async function statusesOf({ request, body }: Row, things: Things): Promise<string> {
    const [method = '', path = ''] = request.split(' ');
    const fill = (text: string) => text.replace(/\{(\w+)\}/g, (braces, name: string) => things[name] ?? braces);
    const filled = body === undefined ? undefined : JSON.parse(fill(JSON.stringify(body)));
    const statuses: number[] = [];
    for (const caller of CALLERS) {
      const { status } = await site.callers[caller].send(method, fill(path), filled);
      statuses.push(status);
      if (method !== 'GET' && status < 300) await site.rows.restore();
    }
    return statuses.join(' ');
  }

  it.each(ROWS.map((row) => [row.request, JSON.stringify(row.body ?? ''), row] as const))(
    '%s %s',
    async (_request, _body, row) => {
      const more = { csr: JSON.stringify(csr).slice(1, -1) };
      const seen = {
        own: await statusesOf(row, { ...site.own, ...more }),
        ...(row.foreign === undefined ? {} : { foreign: await statusesOf(row, { ...site.foreign, ...more }) }),
      };

      const expected = {
        own: (defaults === 'new' ? row.new_own : undefined) ?? row.own,
        ...(row.foreign === undefined
          ? {}
          : { foreign: (defaults === 'new' ? row.new_foreign : undefined) ?? row.foreign }),
      };
      expect(seen).toEqual(expected);
    },
    60_000,
  );

  const lists = ROWS.filter(({ request }) => request.startsWith('GET ') && !request.includes('{'));

  it.each(lists.map(({ request }) => request))('%s shows nothing of another project', async (request) => {
    const path = request.slice('GET '.length);
    const { template, cluster, nodegroup, federation, keypair } = site.foreign;
    for (const name of ['reader', 'member', 'owner', 'account'] as const) {
      const text = JSON.stringify((await site.callers[name].get(path)).body);

      for (const id of [template, cluster, nodegroup, federation, keypair]) expect(text).not.toContain(id);
    }
  });
});
