import axios from 'axios';
import { atMost, type Row } from './row.js';
import type { BenchDatabase, Site } from './site.js';
import { median } from './statistics.js';

const STARTS = 5;

/** From the start of the program to its first answer, over a database that is there. */
export async function measureStart(site: Site): Promise<Row[]> {
  const db = await site.database('bench_start');
  const seconds: number[] = [];
  for (let start = 0; start < STARTS; start++) seconds.push(await startOnce(site, db));
  return [atMost({ what: 'start to first answer', limit: 1, measured: median(seconds), unit: 's' })];
}

async function startOnce(site: Site, db: BenchDatabase): Promise<number> {
  const startedAt = performance.now();
  const bayou = await site.start('api', db);
  await axios.get(`${bayou.apiUrl}/`, { validateStatus: () => true });
  const seconds = (performance.now() - startedAt) / 1000;
  await bayou.stop('SIGKILL');
  return seconds;
}
