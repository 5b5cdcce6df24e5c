import axios from 'axios';
import type { BenchDatabase } from './site.js';

/** Queries and writes that the database server has been sent, by all; with nobody else there, by the process under test. */
export async function statements({ knex }: BenchDatabase): Promise<number> {
  const [rows] = await knex.raw(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_select', 'Com_insert', 'Com_update', 'Com_delete', 'Com_commit')",
  );
  return rows.reduce((sum: number, row: { Value: string }) => sum + Number(row.Value), 0);
}

/** Calls that a process of Bayou has made to a service of the cloud. */
export async function cloudCalls(metricsUrl: string, service: string): Promise<number> {
  const { data } = await axios.get<string>(metricsUrl, { responseType: 'text' });
  const counts = data.matchAll(/^bayou_cloud_call_duration_seconds_count\{service="(\w+)".*\} (\d+)$/gm);
  return [...counts].filter((match) => match[1] === service).reduce((sum, match) => sum + Number(match[2]), 0);
}
