import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';
import { contentOf, type MirrorFixture, sampleBill, startMirrorFixture, VERSION } from './mirror-fixture.js';

let fixture: MirrorFixture;
beforeEach(async () => {
  fixture = await startMirrorFixture();
});
afterEach(() => fixture.stop());

const toFolder = (source?: string) => fixture.run('sync', { version: VERSION, to: fixture.to, source });
const API_SERVER = `kubernetes/${VERSION}/amd64/kube-apiserver`;
const PLUGINS = 'cni/v9.9.9/plugins.tgz';

describe('bayou mirror sync into a folder', () => {
  it('fetches what the bill says, and a second time nothing', async () => {
    const { bill, apiserver, plugins } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);

    const first = await toFolder();
    expect(first).toMatchObject({ code: 0, error: '' });
    expect(first.lines.join('\n')).toMatch(/fetched {2}kubernetes\/v1\.99\.7\/amd64\/kube-apiserver {2}157 KiB/);
    expect(first.lines.at(-1)).toContain('kube_mirror');
    expect(fixture.mirrored()).toEqual({ [API_SERVER]: apiserver, [PLUGINS]: plugins });
    expect(fixture.publisher.asked).toHaveLength(2);

    const second = await toFolder();
    expect(second.code).toBe(0);
    expect(second.lines.filter((line) => line.startsWith('there'))).toHaveLength(2);
    expect(fixture.publisher.asked).toHaveLength(2);
  });

  it('refuses what has not the right sum, and keeps what it has', async () => {
    const { bill, apiserver } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    fixture.publisher.files.set('/release/plugins.tgz', 'something else');

    const { code, error } = await toFolder();

    expect(code).toBe(1);
    expect(error).toMatch(
      /^bayou: cni-plugins: http:.*plugins\.tgz has the SHA-256 sum \w{64}, but the bill of v1\.99\.7 says \w{64}\. It was not kept\.$/,
    );
    expect(fixture.mirrored()).toEqual({ [API_SERVER]: apiserver });
  });

  it('puts a file right that was changed there', async () => {
    const { bill, plugins } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    await toFolder();
    writeFileSync(join(fixture.to, PLUGINS), 'changed');

    expect((await toFolder()).code).toBe(0);
    expect(fixture.mirrored()[PLUGINS]).toBe(plugins);
    expect(fixture.publisher.asked).toHaveLength(3);
  });

  it('leaves nothing of a download that is cut, of one that stalls, and when it is broken off', async () => {
    const { bill, apiserver } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    const place = '/release/kube-apiserver';

    fixture.publisher.files.set(place, { cut: apiserver });
    expect(await toFolder()).toMatchObject({ code: 1, error: expect.stringMatching(/kube-apiserver: .*aborted$/) });
    expect(fixture.mirrored()).toEqual({});

    fixture.publisher.files.set(place, { stall: apiserver });
    const options = { version: VERSION, to: fixture.to };
    const stalled = await fixture.run('sync', options, { stallLimitMs: 50 });
    expect(stalled).toMatchObject({ code: 1, error: expect.stringMatching(/kube-apiserver: nothing for 50 ms$/) });
    expect(fixture.mirrored()).toEqual({});

    const abort = new AbortController();
    const broken = fixture.run('sync', options, { signal: abort.signal });
    await until(() => fixture.publisher.asked.length === 3);
    abort.abort(new Error('broken off by SIGTERM'));
    expect(await broken).toMatchObject({ code: 1, error: 'bayou: broken off by SIGTERM' });
    expect(fixture.mirrored()).toEqual({});
  });

  it('follows publishers to where their files are, five times at most', async () => {
    const { bill, apiserver } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    const { url, files } = fixture.publisher;
    files.set('/release/kube-apiserver', { redirect: `${url}/elsewhere` });
    files.set('/elsewhere', apiserver);
    expect((await toFolder()).code).toBe(0);

    files.set('/release/plugins.tgz', { redirect: `${url}/release/plugins.tgz` });
    writeFileSync(join(fixture.to, PLUGINS), 'changed');
    expect(await toFolder()).toMatchObject({ code: 1, error: expect.stringMatching(/plugins\.tgz: .*redirects/) });
  });

  it('takes from a folder or mirror what no publisher has, and says so before it fetches anything', async () => {
    const { bill, apiserver, plugins } = sampleBill(fixture.publisher);
    const [{ from: _none, ...apiserverOnly }, withPublisher] = bill.files;
    fixture.writeBill({ ...bill, files: [withPublisher, apiserverOnly] });

    expect(await toFolder()).toMatchObject({
      code: 1,
      error: 'bayou: No publisher has kube-apiserver: name a folder or a mirror that does with --source.',
    });
    expect(fixture.publisher.asked).toEqual([]);
    expect(await toFolder(join(fixture.folder, 'nowhere'))).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^bayou: kube-apiserver: it is not at .*nowhere/),
    });

    const source = join(fixture.folder, 'built');
    mkdirSync(join(source, `kubernetes/${VERSION}/amd64`), { recursive: true });
    writeFileSync(join(source, API_SERVER), apiserver);
    expect((await toFolder(source)).code).toBe(0);
    expect(fixture.mirrored()).toEqual({ [API_SERVER]: apiserver, [PLUGINS]: plugins });
  });

  it('copies a mirror by its URL', async () => {
    const { bill, apiserver, plugins } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);
    const { files, url, asked } = fixture.publisher;
    files.set(`/mirror/${API_SERVER}`, apiserver);
    files.set(`/mirror/${PLUGINS}`, plugins);

    expect((await toFolder(`${url}/mirror/`)).code).toBe(0);
    expect(asked).toEqual([`/mirror/${API_SERVER}`, `/mirror/${PLUGINS}`]);
    expect(contentOf(fixture.to)).toEqual({ [API_SERVER]: apiserver, [PLUGINS]: plugins });
  });
});

describe('bayou mirror', () => {
  it.each([
    [{ to: './x' }, /^bayou: Which version\?/],
    [{ version: '1.20.2', to: './x' }, /^bayou: Which version\?/],
    [{ version: VERSION }, /^bayou: Where to\?/],
    [{ version: 'v0.9.0', to: './x' }, /has no components for v0\.9\.0/],
  ])('says what is missing of %j', async (options, expected) => {
    expect(await fixture.run('sync', options)).toMatchObject({ code: 1, error: expect.stringMatching(expected) });
  });

  it('lists the bills, a bill, and what a version without a bill would consist of', async () => {
    const { bill } = sampleBill(fixture.publisher);
    fixture.writeBill(bill);

    const all = await fixture.run('list');
    expect(all.lines.at(-1)).toMatch(/^v1\.99\.7 +2 +0 +- +made for a test$/);

    const one = await fixture.run('list', { version: VERSION });
    expect(one.lines[0]).toBe('v1.99.7: made for a test');
    expect(one.lines.at(-1)).toMatch(
      /^cni-plugins +all +- +cni\/v9\.9\.9\/plugins\.tgz +\w{64} +http:.*\/release\/plugins\.tgz$/,
    );

    const none = await fixture.run('list', { version: 'v1.31.4' });
    expect(none.lines.join('\n')).toContain('https://dl.k8s.io/v1.31.4/bin/linux/amd64/kubelet.sha256');
    expect(none.lines.join('\n')).toContain('registry.k8s.io/pause:3.9');
    expect(none.code).toBe(0);
  });

  it('reads no bill that has mistakes', async () => {
    const { bill } = sampleBill(fixture.publisher);
    const [first, second] = bill.files;
    const wrong = [
      { ...bill, files: [{ ...first, path: '../up' }, second] },
      { ...bill, files: [{ ...first, sha256: 'abc' }, second] },
      { ...bill, files: [{ ...first, unpack: '/opt' }, second] },
      { ...bill, files: [{ ...first, to: 'opt; reboot' }, second] },
      { ...bill, files: [first, first] },
      { ...bill, version: 'v1.0.0' },
      { ...bill, images: [{ name: 'pause', path: 'images/pause.tar', sha256: first.sha256 }] },
    ];
    for (const content of wrong) {
      fixture.writeBill(content);
      const { code, error } = await fixture.run('list', { version: VERSION });
      expect({ code, error }).toEqual({ code: 1, error: expect.stringContaining(`${VERSION}.yaml`) });
    }
  });
});
