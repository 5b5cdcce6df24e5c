import { ClusterLife, type Finding } from '../simulation/life.js';
import type { FaultKind, PlannedFault } from '../simulation/seams.js';
import { World } from '../simulation/world.js';
import { FakeIds } from '../support/fake-ids.js';
import { CASES } from './cases.js';

/**
 * The crash suite: one cluster's whole life, again and again, each time with one fault at one point.
 * `BAYOU_CRASH=full` takes every point (`full.ts`); otherwise a sample, drawn with `BAYOU_SEED`. Whether a sample is of
 * Swarm, Kubernetes or Mesos is by the seed, too; the full suite takes Swarm. `BAYOU_CRASH_COE` names one.
 */
const SHORT_SAMPLE = 3;

export const seed = Number(process.env.BAYOU_SEED ?? Math.floor(Math.random() * 1_000_000));

const isFull = process.env.BAYOU_CRASH === 'full';
const COES = ['swarm-mode', 'kubernetes', 'mesos'];
const KINDS = Object.keys(CASES);

/** Whose life it is to which this happens. */
export function coeFor(kind: FaultKind): string {
  const turn = isFull ? 0 : (seed + KINDS.indexOf(kind)) % COES.length;
  return process.env.BAYOU_CRASH_COE ?? COES[turn] ?? '';
}

/** Every point that a life without a fault passes, by its label. */
export async function recordPoints(coe: string, beside: number): Promise<string[]> {
  const { points, findings } = await live(coe, undefined, beside);
  if (findings.length > 0) throw new Error(`A life without a fault: ${JSON.stringify(findings)}`);
  return points;
}

/** The points at which a fault may be tried. */
export function suitablePoints(kind: FaultKind, points: string[]): number[] {
  return points.flatMap((label, index) => (CASES[kind].suits(label) ? [index] : []));
}

export function sampledPoints(kind: FaultKind, points: string[]): number[] {
  const suitable = suitablePoints(kind, points);
  if (suitable.length <= SHORT_SAMPLE) return suitable;
  const ids = new FakeIds(seed);
  return Array.from({ length: SHORT_SAMPLE }, () => suitable[Math.floor(ids.random() * suitable.length)] ?? 0);
}

/** Of a table of faults some, drawn with the seed; the full suite takes all of them. */
export function sampled<T>(faults: readonly T[], count: number): T[] {
  if (isFull) return [...faults];
  const ids = new FakeIds(seed);
  const left = [...faults];
  return Array.from({ length: count }, () => left.splice(Math.floor(ids.random() * left.length), 1)).flat();
}

/** One life to live, and what happens in it. */
export interface FaultLife {
  kind: FaultKind;
  point: number;
  label: string;
}

export interface FaultFinding extends Finding {
  fault: FaultKind;
  point: number;
  label: string;
}

export async function liveWithFault(kind: FaultKind, point: number, label: string): Promise<FaultFinding[]> {
  const { findings } = await live(coeFor(kind), { point, kind }, CASES[kind].beside);
  return findings.map((finding): FaultFinding => ({ ...finding, fault: kind, point, label }));
}

async function live(coe: string, fault: PlannedFault | undefined, beside: number) {
  const world = await World.start({ seed });
  const life = new ClusterLife(world, coe);
  let points: string[] = [];
  try {
    await life.prepare();
    points = await life.run(fault, beside);
  } catch (error) {
    if (life.findings.length === 0) life.findings.push({ kind: 'lost', step: 'run', problem: String(error) });
  } finally {
    await world.stop();
  }
  return { points, findings: life.findings };
}
