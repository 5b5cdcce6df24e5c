import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FaultKind } from '../simulation/seams.js';
import { CASES } from './cases.js';
import { coeFor, type FaultFinding, type FaultLife, recordPoints, suitablePoints } from './lives.js';
import { reportLine } from './report.js';

/**
 * The crash suite at every point, outside of jest, whose contexts make a life a third slower. Its last line is
 * `N passed, N failed`, in lives.
 */
const KINDS = Object.keys(CASES) as FaultKind[];
/** Dead processes leave open what a real one's end would close. */
const LIVES_OF_A_WORKER = 150;
/** Of one life; a quiet core takes a second. */
const LIFE_LIMIT_MS = 120_000;
const PROGRESS_EVERY = 100;

async function main(): Promise<void> {
  const points = new Map<FaultKind, string[]>();
  for (const kind of KINDS) points.set(kind, await recordPoints(coeFor(kind), CASES[kind].beside));
  const lives = KINDS.flatMap((kind) => {
    const labels = points.get(kind) ?? [];
    return suitablePoints(kind, labels).map((point): FaultLife => ({ kind, point, label: labels[point] ?? '' }));
  });
  const findings = await liveAll(lives);
  for (const kind of KINDS) {
    const ofKind = <T extends { kind: string }>(of: T[]) => of.filter((one) => one.kind === kind);
    const found = findings.filter(({ fault }) => fault === kind);
    console.log(reportLine(kind, points.get(kind)?.length ?? 0, ofKind(lives).length, found));
  }
  for (const finding of findings) console.log(JSON.stringify(finding));
  const failed = new Set(findings.map(({ fault, point }) => `${fault} ${point}`)).size;
  process.exitCode = failed === 0 && lives.length > 0 ? 0 : 1;
  console.log(`${lives.length - failed} passed, ${failed} failed`);
}

async function liveAll(lives: FaultLife[]): Promise<FaultFinding[]> {
  const findings: FaultFinding[] = [];
  const waiting = lives[Symbol.iterator]();
  let done = 0;
  const work = async () => {
    let worker: Worker | undefined;
    // One iterator for all: each takes the next life that nobody has taken.
    for (const life of waiting) {
      if (worker === undefined || worker.isTired) {
        worker?.end();
        worker = new Worker();
      }
      findings.push(...(await worker.live(life)));
      done += 1;
      if (done % PROGRESS_EVERY === 0) console.log(`crash: ${done} of ${lives.length} lives`);
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return findings;
}

class Worker {
  readonly #child: ChildProcess;
  #lives = 0;
  #isBroken = false;

  constructor() {
    this.#child = fork(join(__dirname, 'worker.ts'), { execArgv: ['--require', require.resolve('tsx/cjs')] });
  }

  get isTired(): boolean {
    return this.#isBroken || this.#lives >= LIVES_OF_A_WORKER;
  }

  async live(life: FaultLife): Promise<FaultFinding[]> {
    this.#lives += 1;
    const given = AbortSignal.timeout(LIFE_LIMIT_MS);
    const ended = once(this.#child, 'exit', { signal: given }).then(() => Promise.reject(new Error('worker ended')));
    ended.catch(() => {});
    this.#child.send(life);
    try {
      const [findings] = await Promise.race([once(this.#child, 'message', { signal: given }), ended]);
      return findings;
    } catch (error) {
      this.#isBroken = true;
      const { kind: fault, ...where } = life;
      return [{ ...where, fault, kind: 'lost', step: 'run', problem: String(error) }];
    }
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

void main();
