import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Runs beside the test command and outlives it: told on standard input which process groups there are, it
 * ends them and removes the folder as soon as that input closes, however the test command came to its end.
 * `keep` on a line of its own leaves everything as it is.
 */
const folder = process.argv[2];
const groups: number[] = [];
let keep = false;

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'keep') keep = true;
    else groups.push(Number(line));
  })
  .on('close', () => {
    if (keep) process.exit(0);
    for (const group of groups) killGroup(group);
    if (folder) removeFolder(folder);
    process.exit(0);
  });

/** The servers hold nothing that anybody wants back, so there is no asking first. */
function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Processes that are just ending may still write; `maxRetries` gives them a second. */
function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
