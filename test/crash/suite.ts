import type { FaultKind } from '../simulation/seams.js';
import { choosePoints, coeFor, type FaultFinding, liveWithFault, recordPoints, seed } from './sample.js';

const LIMIT_MS = 60 * 60_000;

export interface FaultCase {
  kind: FaultKind;
  /** Further processes beside the one to which it happens. */
  beside: number;
  /** Points of which label; default: all. */
  suits?: (label: string) => boolean;
}

/**
 * What may change something outside. To stop or stand still before a call that only asks is the same as to do so after
 * the call before it, and to stop after one that only asks is the same as to stop before it: these are tried once, at
 * the calls that change something. An answer that is lost, and time that passes after one that came, matter everywhere.
 */
export const changes = (label: string): boolean => !/^(database read|cloud (GET|HEAD)|node GET) /.test(label);

/** One test per kind of fault, over all points; its report is one line on standard output. */
export function describeCrashSuite(cases: FaultCase[]): void {
  describe('a cluster from order to nothing', () => {
    for (const { kind, beside, suits = () => true } of cases) {
      it(
        `ends the same when the process is "${kind}" at any point`,
        async () => {
          const points = await recordPoints(coeFor(kind), beside);
          const chosen = choosePoints(points, suits);
          const findings: FaultFinding[] = [];
          for (const point of chosen) findings.push(...(await liveWithFault(kind, point, points[point] ?? '', beside)));
          report(kind, points.length, chosen.length, findings);
          expect(findings).toEqual([]);
        },
        LIMIT_MS,
      );
    }
  });
}

function report(kind: FaultKind, points: number, tried: number, findings: FaultFinding[]): void {
  const count = (what: FaultFinding['kind']) => findings.filter((finding) => finding.kind === what).length;
  process.stdout.write(
    `crash: ${coeFor(kind)}: ${kind}: ${points} points, ${tried} tried, seed ${seed}: ${count('lost')} lost, ${count('doubled')} doubled, ${count('leaked')} leaked\n`,
  );
}
