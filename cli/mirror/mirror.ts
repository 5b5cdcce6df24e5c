import { join } from 'node:path';
import type { Clock } from '../../common/clock.js';
import type { Config } from '../../common/config/schema.js';
import { ServiceError } from '../../common/errors.js';
import type { Ids } from '../../common/ids.js';
import { BILLED, type Bill, type BilledOrchestrator, billOf } from '../../drivers/bill.js';
import { loadBills } from '../../drivers/bill-files.js';
import { Session } from '../../openstack/session.js';
import { createTransport } from '../../openstack/transport.js';
import { serviceUser, sessionDeps } from '../identities.js';
import { transportOptions } from '../service-clients.js';
import { type Environment, mirrorLogin } from './cloud-login.js';
import { Downloader } from './download.js';
import { openFolder } from './folder-store.js';
import { listBill, listBills, listUnpinned } from './list.js';
import { pinnedBill, sizedBill, wantedBySources, wantedOf, writeBill } from './pin.js';
import { unpinned } from './sources.js';
import type { Store } from './store.js';
import { openContainer } from './swift-store.js';
import { type Kept, type SyncDeps, sync, type Wanted } from './sync.js';

export interface MirrorOptions {
  /** Whose software. Default: Kubernetes'. */
  orchestrator?: string | undefined;
  version?: string | undefined;
  /** A folder, where there is a slash in it or it is `.`; else a Swift container. */
  to?: string | undefined;
  /** A folder or a URL of the mirror's form. */
  source?: string | undefined;
  billOut?: string | undefined;
  registryPrefix?: string | undefined;
}

export interface MirrorDeps {
  config: Config;
  environment: Environment;
  clock: Clock;
  ids: Ids;
  print(line: string): void;
  /** Ends it; what is complete stays. */
  signal?: AbortSignal | undefined;
  /** Longest time in which a publisher sends nothing. */
  stallLimitMs?: number | undefined;
}

/** @throws ServiceError */
export function mirrorList({ config, print }: Pick<MirrorDeps, 'config' | 'print'>, options: MirrorOptions): void {
  const orchestrator = checkedOrchestrator(options.orchestrator);
  const { billsPath } = config[orchestrator];
  const bills = loadBills(orchestrator, billsPath);
  const version = options.version === undefined ? undefined : checkedVersion(orchestrator, options.version);
  const bill = version === undefined ? undefined : billOf(bills, version);
  let lines: string[];
  if (version === undefined) lines = listBills(orchestrator, bills);
  else lines = bill === undefined ? listUnpinned(unpinned(orchestrator, billsPath, version)) : listBill(bill);
  for (const line of lines) print(line);
}

/**
 * Fills a folder or a Swift container with all files of a version; for a version without a bill it makes one.
 * @throws ServiceError, OpenStackError
 */
export async function mirrorSync(deps: MirrorDeps, options: MirrorOptions): Promise<void> {
  const { config, print, clock, ids, signal, stallLimitMs } = deps;
  const { to, source, registryPrefix } = options;
  if (to === undefined) throw new ServiceError('invalid', 'Where to? --to ./folder or --to container.');
  const orchestrator = checkedOrchestrator(options.orchestrator);
  const version = checkedVersion(orchestrator, options.version);
  const http = new Downloader({ clock, signal, stallLimitMs });
  const order = await orderOf({ config, orchestrator, version, billOut: options.billOut }, http);
  const store = await openStore(to, deps);
  try {
    const { wanted } = order;
    const syncDeps: SyncDeps = { http, ids, store, source, registryPrefix, print, signal };
    const kept = await sync(syncDeps, wanted);
    if (order.billFile !== undefined) {
      await writeBill(order.billAfter(kept), order.billFile);
      print(`The bill of ${version} is in ${order.billFile}.`);
    }
    print(`All ${wanted.length} files of ${version} are there.`);
    print(store.advice(BILLED[orchestrator].mirrorLabel, `[${orchestrator}] mirror_url`));
  } finally {
    await store.close();
  }
}

interface Order {
  wanted: Wanted[];
  billFile: string | undefined;
  billAfter(kept: ReadonlyMap<string, Kept>): Bill;
}

interface Subject {
  config: Config;
  orchestrator: BilledOrchestrator;
  version: string;
  billOut: string | undefined;
}

/** By the bill that there is, else by the publishers' lists. */
async function orderOf({ config, orchestrator, version, billOut }: Subject, http: Downloader): Promise<Order> {
  const { billsPath } = config[orchestrator];
  const known = billOf(loadBills(orchestrator, billsPath), version);
  if (known !== undefined) {
    return { wanted: wantedOf(known), billFile: billOut, billAfter: (kept) => sizedBill(known, kept) };
  }
  const billFile = billOut ?? (billsPath === undefined ? undefined : join(billsPath, `${version}.yaml`));
  if (billFile === undefined) {
    throw new ServiceError(
      'invalid',
      `${version} has no bill, and there is no place for a new one: set [${orchestrator}] bills_path, or name a file with --bill-out.`,
    );
  }
  const parts = unpinned(orchestrator, billsPath, version);
  return { wanted: await wantedBySources(http, parts), billFile, billAfter: (kept) => pinnedBill(parts, kept) };
}

function openStore(to: string, { config, environment, clock, ids, signal }: MirrorDeps): Promise<Store> {
  if (to.includes('/') || to === '.') return openFolder(to, ids);
  const login = mirrorLogin(config, environment);
  const base = sessionDeps({ transport: createTransport(transportOptions(login)), clock, ids }, login);
  const session = (timeoutMs: number) => new Session({ ...base, timeoutMs }, serviceUser(login));
  return openContainer(to, { ids, session, region: base.endpoints?.['object-store']?.region, signal });
}

function checkedOrchestrator(name = 'kubernetes'): BilledOrchestrator {
  if (isBilled(name)) return name;
  throw new ServiceError('invalid', `Whose software? --orchestrator ${Object.keys(BILLED).join(' or ')}.`);
}

function isBilled(name: string): name is BilledOrchestrator {
  return Object.hasOwn(BILLED, name);
}

function checkedVersion(orchestrator: BilledOrchestrator, version = ''): string {
  const { version: pattern, example } = BILLED[orchestrator];
  if (pattern.test(version)) return version;
  throw new ServiceError('invalid', `Which version? --version ${example}, as upstream names it.`);
}
