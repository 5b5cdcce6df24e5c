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
 * What may change something outside. A process that stops or stands still between two calls does so after the one as before
 * the other: what only asks adds nothing to that, so it is tried around the calls that change something. An answer that
 * is lost matters everywhere.
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
