import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { unpinned } from '../../cli/mirror/sources.js';
import { compareVersions, filesFor, newest } from '../../drivers/bill.js';
import { loadBills } from '../../drivers/bill-files.js';
import { differencesOf } from '../../drivers/kubernetes/versions.js';

const PROGRAM = resolve(__dirname, '../../dist/cli/main.js');
const LIMIT_MS = 30_000;
const MINORS = Array.from({ length: 16 }, (_, index) => `v1.${20 + index}.0`);

describe('what Bayou ships', () => {
  it('is bills that can be read, each with something for masters and for workers', () => {
    const bills = loadBills('kubernetes');

    expect(bills.map(({ version }) => version)).toContain('v1.20.2');
    for (const bill of bills) {
      const names = (role: string) => filesFor(bill, role).map(({ name }) => name);
      expect(names('master')).toEqual(expect.arrayContaining(['kube-apiserver', 'kubelet', 'kubectl']));
      expect(names('worker')).toEqual(expect.arrayContaining(['kubelet', 'kube-proxy']));
      expect(names('worker')).not.toContain('kube-apiserver');
    }
    expect(newest(bills)?.version).toBe([...bills].at(-1)?.version);
  });

  it.each(MINORS)('knows where %s is published, with the image that its pods need', (version) => {
    const { files, images } = unpinned('kubernetes', undefined, version);

    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['etcd', 'containerd', 'runc', 'cni-plugins']),
    );
    expect(files.every(({ from, sums }) => /^https:\/\/(dl\.k8s\.io|github\.com)\//.test(from) && sums !== '')).toBe(
      true,
    );
    expect(images.map(({ name }) => name)).toContain(`registry.k8s.io/pause:${differencesOf(version).pauseTag}`);
    expect(JSON.stringify({ files, images })).not.toMatch(/[{]\w+[}]/);
  });

  it('orders versions by their numbers', () => {
    expect(['v1.9.0', 'v1.31.4', 'v1.20.12', 'v1.20.2'].sort(compareVersions)).toEqual([
      'v1.9.0',
      'v1.20.2',
      'v1.20.12',
      'v1.31.4',
    ]);
  });
});

describe('the program', () => {
  const environment = { PATH: process.env.PATH };
  const options = { env: environment, timeout: LIMIT_MS, encoding: 'utf8' } as const;

  it('prints a bill', () => {
    const command = [PROGRAM, 'mirror', 'list', '--version', 'v1.20.2', '--config-file', '/dev/null'];

    expect(execFileSync(process.execPath, command, options)).toMatch(
      /^kubelet +all +\d+\.\d MiB +kubernetes\/v1\.20\.2/m,
    );
  });

  it('says what is wrong in one line, and ends with 1', () => {
    const command = [PROGRAM, 'mirror', 'sync', '--version', 'v1.20.2', '--config-file', '/dev/null'];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, options);

    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: 'bayou: Where to? --to ./folder or --to container.\n',
    });
  });
});
