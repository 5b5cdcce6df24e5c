import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { inWords, type Row } from './row.js';

const RESULTS = join(__dirname, 'RESULTS.md');
const MIB = 1024 * 1024;
const HEAD = ['what', 'target', 'measured', 'of target', ''];

export interface Report {
  rows: Row[];
  /** How the run was started. */
  command: string;
  seconds: number;
  at: Date;
  /** What did not come to a result, with the reason. */
  failures: string[];
}

/** For the terminal: columns of equal width. */
export function asText({ rows, failures }: Report): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return [...lines.map((line) => line.trimEnd()), ...failures.map((failure) => `no result: ${failure}`)].join('\n');
}

export function writeResults(report: Report): void {
  const table = [HEAD, HEAD.map(() => '---'), ...report.rows.map(cellsOf)].map((line) => `| ${line.join(' | ')} |`);
  const [cpu] = cpus();
  const text = [
    '# Results of the bench',
    '',
    `\`${report.command}\` on ${report.at.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${Math.round(report.seconds)} s.`,
    `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / MIB / 1024)} GiB of memory, Node.js ${process.version}; MariaDB with full durability.`,
    'Ratios are medians of alternating rounds; absolute numbers differ from machine to machine, and with what else it does.',
    '',
    ...table,
    ...report.failures.map((failure) => `\nNo result: ${failure}`),
    '',
  ];
  writeFileSync(RESULTS, text.join('\n'));
}

function cellsOf(row: Row): string[] {
  const ofTarget = Number.isNaN(row.ofTarget) ? '' : `${inWords(row.ofTarget)} ×`;
  return [row.what, row.target, row.measured, ofTarget, row.isMet ? 'ok' : 'missed'];
}
