import { readFileSync } from 'node:fs';

const MIB = 1024 * 1024;
const KIB = 1024;
/** Of the kernel's interface to user space (USER_HZ), whatever its own clock does. */
const TICKS_PER_SECOND = 100;

/** Resident memory of a process, MiB. */
export function residentMib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (Number(line?.[1]) * KIB) / MIB;
}

/** Processor time of a process since its start, seconds, with a resolution of 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
