import type { FaultKind } from '../simulation/seams.js';
import { CASES } from './cases.js';
import { coeFor, type FaultFinding, liveWithFault, recordPoints, sampledPoints } from './lives.js';
import { reportLine } from './report.js';

const LIMIT_MS = 10 * 60_000;

/** One test per kind of fault, over some points; its report is one line on standard output. */
export function describeFaults(kinds: FaultKind[]): void {
  describe('a cluster from order to nothing', () => {
    it.each(kinds)(
      'ends the same when the process is "%s" at some points',
      async (kind) => {
        const points = await recordPoints(coeFor(kind), CASES[kind].beside);
        const chosen = sampledPoints(kind, points);
        const findings: FaultFinding[] = [];
        for (const point of chosen) findings.push(...(await liveWithFault(kind, point, points[point] ?? '')));
        process.stdout.write(`${reportLine(kind, points.length, chosen.length, findings)}\n`);
        expect(findings).toEqual([]);
      },
      LIMIT_MS,
    );
  });
}
