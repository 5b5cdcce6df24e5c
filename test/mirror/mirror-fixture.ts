import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import type { MirrorOptions } from '../../cli/mirror/mirror.js';
import { type MirrorCommand, mirrorWith } from '../../cli/mirror/run-mirror.js';
import { systemClock } from '../../common/clock.js';
import { loadConfig } from '../../common/config/load.js';
import { systemIds } from '../../common/ids.js';
import { type Publisher, sha256, startPublisher } from './publisher.js';

export const VERSION = 'v1.99.7';

export interface Outcome {
  code: number;
  lines: string[];
  error: string;
}

/** A publisher, an operator's folder of bills and a folder to fill. */
export interface MirrorFixture {
  publisher: Publisher;
  folder: string;
  billsPath: string;
  /** As `--to`. */
  to: string;
  run(command: MirrorCommand, options?: MirrorOptions, changes?: Changes): Promise<Outcome>;
  writeBill(bill: object): void;
  /** Every file below `to`, with its content. */
  mirrored(): Record<string, string>;
  stop(): void;
}

export interface Changes {
  settings?: Record<string, string>;
  environment?: Record<string, string>;
  signal?: AbortSignal;
  stallLimitMs?: number;
}

export async function startMirrorFixture(): Promise<MirrorFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-mirror-'));
  const [billsPath, to] = [join(folder, 'bills'), join(folder, 'mirror')];
  mkdirSync(billsPath);
  const publisher = await startPublisher();
  return {
    publisher,
    folder,
    billsPath,
    to,
    async run(command, options = {}, { settings = {}, environment = {}, signal, stallLimitMs } = {}) {
      const [lines, errors]: [string[], string[]] = [[], []];
      const load = () => loadConfig(undefined, { BAYOU_KUBERNETES__BILLS_PATH: billsPath, ...settings });
      const code = await mirrorWith(command, load, options, {
        clock: systemClock,
        ids: systemIds,
        environment,
        signal,
        stallLimitMs,
        print: (line) => void lines.push(line),
        printError: (line) => void errors.push(line),
      });
      return { code, lines, error: errors.join('\n') };
    },
    writeBill: (bill) => writeFileSync(join(billsPath, `${VERSION}.yaml`), stringify(bill)),
    mirrored: () => contentOf(to),
    stop() {
      publisher.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export function contentOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

/** A bill of two files, which the publisher has. */
export function sampleBill({ url, files }: Publisher): { apiserver: string; plugins: string; bill: SampleBill } {
  const [apiserver, plugins] = ['the API server, '.repeat(10_000), 'a tarball of plugins'];
  files.set('/release/kube-apiserver', apiserver);
  files.set('/release/plugins.tgz', plugins);
  const bill: SampleBill = {
    version: VERSION,
    origin: 'made for a test',
    files: [
      {
        name: 'kube-apiserver',
        for: 'master',
        path: `kubernetes/${VERSION}/amd64/kube-apiserver`,
        from: `${url}/release/kube-apiserver`,
        sha256: sha256(apiserver),
        to: '/opt/bayou/kubernetes/bin/kube-apiserver',
      },
      {
        name: 'cni-plugins',
        for: 'all',
        path: 'cni/v9.9.9/plugins.tgz',
        from: `${url}/release/plugins.tgz`,
        sha256: sha256(plugins),
        unpack: '/opt/cni/bin',
      },
    ],
  };
  return { apiserver, plugins, bill };
}

export interface SampleBill {
  version: string;
  origin: string;
  files: [SampleFile, SampleFile];
  images?: object[];
}

type SampleFile = Record<'name' | 'for' | 'path' | 'from' | 'sha256', string> & { to?: string; unpack?: string };
