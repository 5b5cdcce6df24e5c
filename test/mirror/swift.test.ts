import { systemClock } from '../../common/clock.js';
import { systemIds } from '../../common/ids.js';
import { silentLog } from '../../common/log.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { type MirrorFixture, sampleBill, startMirrorFixture, VERSION } from './mirror-fixture.js';

let fixture: MirrorFixture;
let cloud: DevelopmentCloud;
beforeEach(async () => {
  fixture = await startMirrorFixture();
  cloud = await startDevelopmentCloud(
    { clock: systemClock, ids: systemIds, log: silentLog },
    { host: '127.0.0.1', port: 0, bootMs: 0, heatStepMs: 0 },
  );
});
afterEach(async () => {
  await cloud.stop();
  fixture.stop();
});

const demo = (): Record<string, string> => ({
  OS_AUTH_URL: `${cloud.url}/v3`,
  OS_USERNAME: 'demo',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'demo',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
});
const sync = (environment: Record<string, string> = demo(), settings: Record<string, string> = {}) =>
  fixture.run('sync', { version: VERSION, to: 'kube-mirror' }, { environment, settings });
const container = () => [...cloud.state.containers.values()].find(({ name }) => name === 'kube-mirror');

describe('bayou mirror sync into a Swift container', () => {
  it('makes one that nodes read without a token, and fetches a second time nothing', async () => {
    const { bill, apiserver } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);

    const first = await sync();
    expect(first).toMatchObject({ code: 0, error: '' });
    const url = /^kube_mirror=(http\S+)$/.exec(first.lines.at(-1) ?? '')?.[1];
    const answer = await fetch(`${url}/kubernetes/${VERSION}/amd64/kube-apiserver`);
    expect(await answer.text()).toBe(apiserver);
    expect(fixture.publisher.asked).toHaveLength(2);

    const second = await sync();
    expect(second.lines.filter((line) => line.startsWith('there'))).toHaveLength(2);
    expect(second.lines.at(-1)).toBe(first.lines.at(-1));
    expect(fixture.publisher.asked).toHaveLength(2);
  });

  it('keeps nothing that has not the right sum', async () => {
    const { bill } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    fixture.publisher.files.set('/release/kube-apiserver', 'something else');

    expect(await sync()).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^bayou: kube-apiserver: .*not kept\.$/),
    });
    expect(container()?.objects.size).toBe(0);
  });

  it('sends again, from its first byte, what Swift did not take', async () => {
    const { bill, apiserver } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    const upload = { service: 'object-store', method: 'PUT', path: 'kube-apiserver' } as const;
    cloud.faults.order({ ...upload, action: 'cut' });
    cloud.faults.order({ ...upload, action: { status: 503 } });

    expect(await sync()).toMatchObject({ code: 0, error: '' });
    expect(cloud.faults.left()).toBe(0);
    const kept = container()?.objects.get(`kubernetes/${VERSION}/amd64/kube-apiserver`);
    expect(kept?.content.toString()).toBe(apiserver);
    expect(fixture.publisher.asked).toHaveLength(2);
  });

  it('opens no container that has something else in it', async () => {
    const { bill } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    await sync();
    const found = container();
    if (found !== undefined) found.read = [];

    expect(await sync()).toMatchObject({ code: 1, error: expect.stringContaining('name another one') });
    expect(container()?.read).toEqual([]);
  });

  it('works as the service user where nobody else is named', async () => {
    const { bill } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    const settings = {
      BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: cloud.url,
      BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'secret',
    };

    expect(await sync({}, settings)).toMatchObject({ code: 0, error: '' });
  });

  it('says that there is no cloud, that a login is refused, or that Swift refuses', async () => {
    const { bill } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);

    expect(await sync({})).toMatchObject({ code: 1, error: expect.stringMatching(/^bayou: There is no cloud/) });
    expect(await sync({ OS_CLOUD: 'none', OS_CLIENT_CONFIG_FILE: '/dev/null' })).toMatchObject({
      code: 1,
      error: 'bayou: /dev/null has no cloud none.',
    });
    expect(await sync({ ...demo(), OS_PASSWORD: 'wrong' })).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^bayou: identity: POST .*401/),
    });
    expect(fixture.publisher.asked).toEqual([]);
  });
});
