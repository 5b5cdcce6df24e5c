import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Bill, filesFor } from '../../drivers/bill.js';
import { loadBills } from '../../drivers/bill-files.js';
import { type FakeRegistry, startFakeRegistry } from './fake-registry.js';
import { type MirrorFixture, startMirrorFixture, VERSION } from './mirror-fixture.js';
import { sha256 } from './publisher.js';

let fixture: MirrorFixture;
let registry: FakeRegistry;
beforeEach(async () => {
  fixture = await startMirrorFixture();
  registry = await startFakeRegistry();
  const { url } = fixture.publisher;
  const sources = {
    components: [
      { since: 'v1.20.0', etcd: '3.4.1', pause: '3.2' },
      { since: 'v1.90.0', etcd: '3.9.9', pause: '3.99' },
    ],
    files: [
      {
        name: 'kubelet',
        for: 'all',
        path: 'kubernetes/v{kubernetes}/amd64/kubelet',
        from: `${url}/v{kubernetes}/kubelet`,
        sums: `${url}/v{kubernetes}/kubelet.sha256`,
        to: '/opt/bayou/kubernetes/bin/kubelet',
      },
      {
        name: 'etcd',
        for: 'master',
        path: 'etcd/v{etcd}/etcd.tar.gz',
        from: `${url}/etcd/{etcd}/etcd.tar.gz`,
        sums: `${url}/etcd/{etcd}/SHA256SUMS`,
        unpack: '/opt/bayou/kubernetes/bin',
        strip: 1,
        members: ['etcd-v{etcd}/etcd', 'etcd-v{etcd}/etcdctl'],
      },
    ],
    images: [{ name: `${registry.host}/pause:{pause}`, path: 'images/pause-{pause}.tar' }],
  };
  writeFileSync(join(fixture.billsPath, 'sources.yaml'), stringify(sources));
  const { files } = fixture.publisher;
  files.set('/v1.99.7/kubelet', 'the kubelet');
  files.set('/v1.99.7/kubelet.sha256', sha256('the kubelet'));
  files.set('/etcd/3.9.9/etcd.tar.gz', 'etcd in a tarball');
  files.set('/etcd/3.9.9/SHA256SUMS', `${'0'.repeat(64)}  etcd.zip\n${sha256('etcd in a tarball')} *etcd.tar.gz\n`);
});
afterEach(() => {
  registry.stop();
  fixture.stop();
});

const toFolder = (options: { registryPrefix?: string; billOut?: string } = {}) =>
  fixture.run('sync', { version: VERSION, to: fixture.to, ...options });
const billFile = () => join(fixture.billsPath, `${VERSION}.yaml`);
const IMAGE = 'images/pause-3.99.tar';

describe('bayou mirror sync of a version without a bill', () => {
  it("pins the sums of the publishers' lists, for files that it has fetched", async () => {
    const { digest } = registry.add('pause', '3.99', 'a layer');

    expect(await toFolder()).toMatchObject({ code: 0, error: '' });

    const bill = parse(readFileSync(billFile(), 'utf8')) as Bill;
    expect(bill.files.map(({ path, sha256: sum, sizeBytes }) => [path, sum, sizeBytes])).toEqual([
      ['kubernetes/v1.99.7/amd64/kubelet', sha256('the kubelet'), 11],
      ['etcd/v3.9.9/etcd.tar.gz', sha256('etcd in a tarball'), 17],
    ]);
    const [archive = ''] = [readFileSync(join(fixture.to, IMAGE), 'latin1')];
    const sum = sha256(Buffer.from(archive, 'latin1'));
    expect(bill.images).toEqual([
      { name: `${registry.host}/pause:3.99`, path: IMAGE, sha256: sum, sizeBytes: archive.length, digest },
    ]);

    const loaded = loadBills('kubernetes', fixture.billsPath).at(-1);
    const roles = (role: string) => (loaded === undefined ? [] : filesFor(loaded, role)).map(({ name }) => name);
    expect([roles('master'), roles('worker')]).toEqual([['kubelet', 'etcd'], ['kubelet']]);

    const asked = fixture.publisher.asked.length;
    const second = await toFolder();
    expect(second.lines.filter((line) => line.startsWith('there'))).toHaveLength(3);
    expect(fixture.publisher.asked).toHaveLength(asked);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a file that has not the sum of the list',
      () => fixture.publisher.files.set('/v1.99.7/kubelet', 'something else'),
      /^bayou: kubelet: http:\S+\/kubelet has the SHA-256 sum \w{64}, but http:\S+kubelet\.sha256 says \w{64}\. It was not kept\.$/,
    ],
    [
      'a list without the file',
      () => fixture.publisher.files.set('/etcd/3.9.9/SHA256SUMS', `${'0'.repeat(64)}  etcd.zip`),
      /^bayou: etcd: http:\S+SHA256SUMS has no SHA-256 sum of etcd\.tar\.gz\.$/,
    ],
    [
      'a list that is missing',
      () => fixture.publisher.files.delete('/v1.99.7/kubelet.sha256'),
      /^bayou: kubelet: its publisher's list \S+: HTTP 404\.$/,
    ],
    [
      'a layer that is not what its digest says',
      () => registry.spoilt.set(`sha256:${sha256('a layer')}`, 'another'),
      /^bayou: http:\S+\/blobs\/sha256:\w{64}: what has arrived is not what its digest says\.$/,
    ],
    [
      'a registry without the image',
      () => writeFileSync(join(fixture.billsPath, 'sources.yaml'), sourcesWith(/\/pause:/, '/other:')),
      /^bayou: http:\S+\/v2\/other\/manifests\/3\.99: HTTP 404$/,
    ],
  ])('makes no bill of %s', async (_what, spoil, expected) => {
    registry.add('pause', '3.99', 'a layer');
    spoil();

    expect(await toFolder()).toMatchObject({ code: 1, error: expect.stringMatching(expected) });
    expect(existsSync(billFile())).toBe(false);
    if (existsSync(fixture.to)) expect(Object.keys(fixture.mirrored())).not.toContain(IMAGE);
  });

  const sourcesWith = (what: RegExp, by: string) =>
    readFileSync(join(fixture.billsPath, 'sources.yaml'), 'utf8').replace(what, by);

  it('says where it may not put the bill', async () => {
    const outcome = await fixture.run(
      'sync',
      { version: VERSION, to: fixture.to },
      { settings: { BAYOU_KUBERNETES__BILLS_PATH: '' } },
    );

    expect(outcome).toMatchObject({ code: 1, error: expect.stringMatching(/bills_path.*--bill-out/) });
  });
});

describe('images of a mirror', () => {
  it('are archives of OCI, the same at each time, from any registry', async () => {
    registry.add('pause', '3.99', 'a layer');
    registry.add('copies/pause', '3.99', 'a layer');
    await toFolder();
    const archive = join(fixture.to, IMAGE);
    const first = readFileSync(archive);
    const index = JSON.parse(execFileSync('tar', ['-xOf', archive, 'index.json'], { encoding: 'utf8' }));
    expect(index.manifests[0].annotations['io.containerd.image.name']).toBe(`${registry.host}/pause:3.99`);
    const names = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toContain(`blobs/sha256/${sha256('a layer')}`);
    expect(names).toHaveLength(5);

    writeFileSync(archive, 'changed');
    const again = await toFolder({ registryPrefix: `http://${registry.host}/copies/` });
    expect(again).toMatchObject({ code: 0, error: '' });
    expect(readFileSync(archive).equals(first)).toBe(true);
    expect(registry.asked.some((path) => path.startsWith('/v2/copies/pause/'))).toBe(true);
  });
});
