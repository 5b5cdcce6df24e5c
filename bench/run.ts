import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseIni } from '../common/config/ini.js';
import { errorText } from '../common/errors.js';
import { measureClusterOfTwenty } from './cluster-of-twenty.js';
import { measureCreates } from './creates.js';
import { measureFleet } from './fleet.js';
import { measureOperations } from './operations.js';
import { measurePeer, type PeerOrder } from './peer.js';
import { measureReads } from './reads.js';
import { asText, writeResults } from './report.js';
import type { Row } from './row.js';
import { openSite, type Site } from './site.js';
import { measureStart } from './start.js';
import { measureStatusPass } from './status-pass.js';

/**
 * `npm run bench`: the numbers that Bayou holds itself to, measured on this machine; prints the table and writes
 * RESULTS.md. `--short`: fewer and shorter rounds. `--peer`: beside a Magnum on this machine as well, as the user of
 * `OS_*`; `--peer-database`, else what its /etc/magnum/magnum.conf names, gets 1,000 clusters for that time.
 * `--only <name>`: one of the measurements, and nothing is written.
 */
type Measure = (site: Site) => Promise<Row[]>;

function measurements(isShort: boolean, peer: PeerOrder | undefined): Record<string, Measure> {
  const rounds = isShort ? { rounds: 3, roundSeconds: 2 } : { rounds: 5, roundSeconds: 2 };
  const seconds = isShort ? 4 : 8;
  return {
    start: measureStart,
    reads: (site) => measureReads(site, rounds),
    operations: measureOperations,
    status: (site) => measureStatusPass(site, { clusters: isShort ? 200 : 1000 }),
    fleet: (site) => measureFleet(site, { seconds }),
    creates: (site) => measureCreates(site, { seconds }),
    ...(peer === undefined
      ? {}
      : { peer: (site) => measurePeer(site, peer), twenty: () => measureClusterOfTwenty(peer) }),
  };
}

const MAGNUM_CONF = '/etc/magnum/magnum.conf';

function databaseOfMagnum(): string {
  const text = existsSync(MAGNUM_CONF) ? readFileSync(MAGNUM_CONF, 'utf8') : '';
  const connection = parseIni(text, MAGNUM_CONF).get('database')?.get('connection');
  if (connection === undefined) throw new Error(`${MAGNUM_CONF} names no database: say --peer-database`);
  return connection;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      peer: { type: 'boolean', default: false },
      'peer-url': { type: 'string', default: 'http://127.0.0.1:9511/v1' },
      'peer-database': { type: 'string' },
      only: { type: 'string' },
    },
  });
  const peer = values.peer
    ? { url: values['peer-url'], database: values['peer-database'] ?? databaseOfMagnum() }
    : undefined;
  const startedAt = performance.now();
  const chosen = Object.entries(measurements(values.short, peer)).filter(([name]) =>
    [undefined, name].includes(values.only),
  );
  const rows: Row[] = [];
  const failures: string[] = [];
  const site = await openSite();
  try {
    for (const [name, measure] of chosen) {
      process.stdout.write(`== ${name}\n`);
      try {
        rows.push(...(await measure(site)));
      } catch (error) {
        failures.push(`${name}: ${errorText(error)}`);
      }
    }
  } finally {
    await site.close();
  }
  const options = process.argv.slice(2).filter((option) => !option.startsWith('--peer-'));
  const command = `npm run bench${options.length === 0 ? '' : ` -- ${options.join(' ')}`}`;
  const seconds = (performance.now() - startedAt) / 1000;
  const report = { rows, failures, command, seconds, at: new Date() };
  process.stdout.write(`${asText(report)}\n${Math.round(seconds)} s\n`);
  if (values.only === undefined) writeResults(report);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

void main();
