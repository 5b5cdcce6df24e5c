import { sessionDeps } from '../../cli/identities.js';
import { transportOptions } from '../../cli/service-clients.js';
import { loadConfig } from '../../common/config/load.js';
import { Session } from '../../openstack/session.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeIds } from '../support/fake-ids.js';

const { config } = loadConfig(undefined, {
  BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: 'http://keystone',
  BAYOU_KEYSTONE_AUTHTOKEN__REGION_NAME: 'North',
  BAYOU_KEYSTONE_AUTHTOKEN__CAFILE: '/etc/ssl/all.pem',
  BAYOU_HEAT_CLIENT__REGION_NAME: 'South',
  BAYOU_HEAT_CLIENT__ENDPOINT_TYPE: 'internalURL',
  BAYOU_HEAT_CLIENT__CA_FILE: '/etc/ssl/heat.pem',
  BAYOU_HEAT_CLIENT__INSECURE: 'true',
});

describe('the settings of one service', () => {
  it('choose its endpoint, and leave the others as they are', async () => {
    const asked: string[] = [];
    const places = ['North', 'South'].flatMap((region) =>
      ['public', 'internal'].map((kind) => ({ interface: kind, region, url: `http://${kind}.${region}` })),
    );
    const token = {
      user: { id: 'u', name: 'u' },
      methods: ['password'],
      issued_at: '2026-01-01T00:00:00Z',
      expires_at: '2026-01-01T01:00:00Z',
      catalog: ['compute', 'orchestration'].map((type) => ({ type, endpoints: places })),
    };
    const transport = async ({ url }: { url: string }) => {
      asked.push(url);
      return { status: 200, headers: { 'x-subject-token': 't' }, body: { token } };
    };
    const deps = sessionDeps({ transport, clock: new FakeClock(), ids: new FakeIds() }, config);
    const session = new Session(deps, { kind: 'token', token: 't' });

    await session.request({}, { service: 'compute', method: 'GET', path: '/a' });
    await session.request({}, { service: 'orchestration', method: 'GET', path: '/b' });

    expect(asked.slice(1)).toEqual(['http://public.North/a', 'http://internal.South/b']);
  });

  it('choose its certificates, and never loosen those of others', () => {
    const { services, ...others } = transportOptions(config);

    expect(others).toMatchObject({ cafile: '/etc/ssl/all.pem', insecure: false });
    expect(services?.orchestration).toMatchObject({ cafile: '/etc/ssl/heat.pem', insecure: true });
    expect(services?.compute).toMatchObject({ cafile: '/etc/ssl/all.pem', insecure: false });
  });
});
